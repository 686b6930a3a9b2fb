/** A label: where it belongs, and how much room it needs, in the same unit. */
export interface Placed {
  at: number;
  size: number;
}

/**
 * Where labels go so that none covers another and none leaves `0..room`, in their order, each as near to its place as
 * that allows. Where there is no room for all, they are packed from the start.
 */
export function spread(labels: readonly Placed[], room: number): number[] {
  const order = labels.map((label, index) => ({ ...label, index })).sort((a, b) => a.at - b.at || a.index - b.index);
  const centres = order.map((label) => Math.min(Math.max(label.at, label.size / 2), room - label.size / 2));
  for (let i = 1; i < order.length; i++) {
    const least = (centres[i - 1] ?? 0) + ((order[i - 1]?.size ?? 0) + (order[i]?.size ?? 0)) / 2;
    if ((centres[i] ?? 0) < least) centres[i] = least;
  }
  for (let i = order.length - 1; i >= 0; i--) {
    const next = order[i + 1];
    const most = next ? (centres[i + 1] ?? 0) - (next.size + (order[i]?.size ?? 0)) / 2 : room - (order[i]?.size ?? 0) / 2;
    if ((centres[i] ?? 0) > most) centres[i] = most;
  }
  const overrun = Math.max(0, (order[0]?.size ?? 0) / 2 - (centres[0] ?? 0));
  const found = new Array<number>(labels.length).fill(0);
  order.forEach((label, i) => {
    found[label.index] = (centres[i] ?? 0) + overrun;
  });
  return found;
}
