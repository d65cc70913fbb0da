/** Symbol.dispose, which `using` calls, in types and engines that may not have it yet. */

declare const none: unique symbol;

/** The type of Symbol.dispose where the user's library knows it (ESNext.Disposable); else of a symbol that nobody has. */
type DisposeOf<Symbols> = Symbols extends { readonly dispose: symbol }
  ? Symbols["dispose"]
  : typeof none;

type DisposeSymbol = DisposeOf<SymbolConstructor>;

export const dispose: DisposeSymbol = (Symbol.dispose ?? Symbol("dispose")) as DisposeSymbol;
