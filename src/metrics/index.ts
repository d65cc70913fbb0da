export * from "./classification.ts";
export type { Collected, Metric, Parts } from "./metric.ts";
export { mae, mse, r2, rmse } from "./regression.ts";
