/** What outlives a reload: values by key in IndexedDB, each written as a whole or not at all. */
const DATABASE = "gradgpu-demo";
const STORE = "values";

export type StoreName = "trainings" | "runs" | "texts";

export async function load(store: StoreName, key: string): Promise<unknown> {
  return await within("readonly", (values) => values.get(`${store}/${key}`));
}

export async function save(store: StoreName, key: string, value: unknown): Promise<void> {
  await within("readwrite", (values) => values.put(value, `${store}/${key}`));
}

export async function remove(store: StoreName, key: string): Promise<void> {
  await within("readwrite", (values) => values.delete(`${store}/${key}`));
}

async function within<T>(
  mode: IDBTransactionMode,
  use: (values: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction(STORE, mode);
    const request = use(transaction.objectStore(STORE));
    return await new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
    });
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
}
