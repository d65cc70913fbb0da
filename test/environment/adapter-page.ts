/** Runs in the browser: what the page has to work with. */
export async function describePage() {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("navigator.gpu.requestAdapter() gave null.");
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const wgsl: readonly string[] = [...navigator.gpu.wgslLanguageFeatures];
  return {
    adapter: [vendor, architecture, device, description].filter((part) => part !== "").join(", "),
    isFallbackAdapter,
    isIsolated: crossOriginIsolated,
    features: [...adapter.features],
    wgsl,
    maxStorageBuffersPerShaderStage: adapter.limits.maxStorageBuffersPerShaderStage,
  };
}
