interface Node {
  readonly members: number[];
  /** By the folder above; made when they are first asked for. */
  children: Map<string, Node> | undefined;
}

/** Paths by their ends: `2023/a.jpg` is found by `a.jpg` and by `/home/me/2023/a.jpg`. */
export class SuffixIndex {
  readonly #paths: readonly (readonly string[])[];
  readonly #root: Node;

  /** @param paths each as its folders and its name, in this order */
  constructor(paths: readonly (readonly string[])[]) {
    this.#paths = paths;
    this.#root = { members: [...paths.keys()], children: undefined };
  }

  /**
   * The paths that have the longest end in common with a path, as positions in the list, and how many names that end has.
   * @param most names of the path to compare, from its end
   */
  longest(path: readonly string[], most = path.length): { members: readonly number[]; length: number } {
    let node = this.#root;
    for (let length = 0; length < most; length++) {
      const name = path[path.length - 1 - length]!;
      // A single path needs no tree of its own.
      if (node.members.length === 1 && node !== this.#root) {
        const other = this.#paths[node.members[0]!]!;
        if (other[other.length - 1 - length] !== name) return { members: node.members, length };
        continue;
      }
      const next = this.#childrenOf(node, length).get(name);
      if (next === undefined) return { members: length === 0 ? [] : node.members, length };
      node = next;
    }
    return { members: node.members, length: most };
  }

  #childrenOf(node: Node, length: number): ReadonlyMap<string, Node> {
    if (node.children !== undefined) return node.children;
    const children = new Map<string, Node>();
    for (const member of node.members) {
      const path = this.#paths[member]!;
      const name = path[path.length - 1 - length];
      if (name === undefined) continue;
      const child = children.get(name);
      if (child === undefined) children.set(name, { members: [member], children: undefined });
      else child.members.push(member);
    }
    node.children = children;
    return children;
  }
}
