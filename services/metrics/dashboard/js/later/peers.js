// Where other services' pages are.

/** Its origin; null where it is not known. @param {string} name */
export function peer(name) {
  const found = (document.body.dataset.peers ?? "").split(" ").find((pair) => pair.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}
