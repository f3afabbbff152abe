/** The numbers that endpoints go by within their balancer. */

/** Number of an endpoint within its balancer, from 0. Given to another one only after the first has left for good. */
export type Slot = number;

/** No endpoint. */
export const noSlot: Slot = -1;
