export {
  type AverageOptions,
  accuracy,
  confusionMatrix,
  f1,
  perplexity,
  precision,
  recall,
  rocAuc,
  type ThresholdOptions,
  topK,
} from "./classification.ts";
export type { Collected, Metric, Parts } from "./metric.ts";
export { mae, mse, r2, rmse } from "./regression.ts";
