/**
 * Cross-origin isolation where the host sends no headers: a service worker adds them, and the page is loaded once more.
 * Without isolation there is no SharedArrayBuffer, and the cpu device has one thread; everything else works.
 */
const TRIED = "gradgpu-isolation-tried";

/** Whether the page is about to be loaded again. Once a visit at most: a browser may refuse all the same. */
export async function useIsolation(): Promise<boolean> {
  if (crossOriginIsolated || !("serviceWorker" in navigator)) return false;
  try {
    await navigator.serviceWorker.register(new URL("isolation.js", document.baseURI));
    await navigator.serviceWorker.ready;
  } catch {
    return false;
  }
  if (sessionStorage.getItem(TRIED) !== null) return false;
  sessionStorage.setItem(TRIED, "1");
  location.reload();
  return true;
}
