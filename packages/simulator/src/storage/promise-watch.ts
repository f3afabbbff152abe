/** Whether promises may have moved since the runner last let them settle: then virtual time must wait for them. */
export interface PromiseWatch {
  /** Set by whoever begins or ends work that answers with a promise. */
  stirred: boolean;
}
