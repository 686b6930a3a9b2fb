import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Icon } from './mark';

const REACHABLE = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex="0"]';

/** A dialog over the page: nothing behind it can be reached, Tab stays inside, Escape closes it, and focus goes back. */
export function Dialog({ title, onClose, danger = false, children }: { title: ReactNode; onClose: () => void; danger?: boolean; children: ReactNode }) {
  const place = useRef<HTMLDialogElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  const id = useId();

  useEffect(() => {
    const dialog = place.current;
    if (!dialog) return;
    const before = document.activeElement as HTMLElement | null;
    dialog.showModal();
    dialog.querySelector<HTMLElement>('[data-first]')?.focus();
    const cancel = (event: Event): void => {
      event.preventDefault();
      close.current();
    };
    const keep = (event: KeyboardEvent): void => {
      if (event.key !== 'Tab') return;
      const reachable = [...dialog.querySelectorAll<HTMLElement>(REACHABLE)].filter((it) => it.offsetParent !== null);
      const [first, last] = [reachable[0], reachable.at(-1)];
      if (event.shiftKey && (document.activeElement === first || document.activeElement === dialog)) {
        event.preventDefault();
        last?.focus();
      } else if (!event.shiftKey && document.activeElement === last) {
        event.preventDefault();
        first?.focus();
      }
    };
    dialog.addEventListener('cancel', cancel);
    dialog.addEventListener('keydown', keep);
    return () => {
      dialog.removeEventListener('cancel', cancel);
      dialog.removeEventListener('keydown', keep);
      dialog.close();
      if (before?.isConnected) before.focus();
      else document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
    };
  }, []);

  return (
    <dialog ref={place} className={danger ? 'dialog dialog-danger' : 'dialog'} aria-labelledby={id}>
      <div className="dialog-in">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" className="button button-icon push" onClick={onClose} aria-label="Close">
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
