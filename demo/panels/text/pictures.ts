/** What the text's page can ask the training for. */
export type TextPictures = Readonly<
  Record<never, { readonly request: unknown; readonly answer: unknown }>
>;
