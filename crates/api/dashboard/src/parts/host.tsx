import { createContext, use, useCallback, useState, type ReactNode } from 'react';

type Draw = (close: () => void) => ReactNode;

const HostContext = createContext<(draw: Draw) => void>(() => undefined);

/** Opens a dialog that outlives whatever opened it: a position that was closed is gone before its outcome is read. */
export function useHost(): (draw: Draw) => void {
  return use(HostContext);
}

/** Where dialogs about what is done are drawn. */
export function Host({ children }: { children: ReactNode }) {
  const [held, setHeld] = useState<{ draw: Draw; key: number } | null>(null);
  const show = useCallback((draw: Draw) => setHeld((it) => ({ draw, key: (it?.key ?? 0) + 1 })), []);
  return (
    <HostContext value={show}>
      {children}
      {held && <Drawn key={held.key} draw={held.draw} close={() => setHeld(null)} />}
    </HostContext>
  );
}

function Drawn({ draw, close }: { draw: Draw; close: () => void }) {
  return draw(close);
}
