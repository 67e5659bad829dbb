/** What a command opened and nobody else closes. */
const opened: { close(): Promise<void> }[] = [];

/** Has something closed at the end of the command. */
export function closeAtEnd<T extends { close(): Promise<void> }>(one: T): T {
  opened.push(one);
  return one;
}

/** Closes what the command opened. */
export async function closeOpened(): Promise<void> {
  await Promise.all(opened.splice(0).map((one) => one.close()));
}
