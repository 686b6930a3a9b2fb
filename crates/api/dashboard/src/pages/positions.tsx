import { useLive } from '../data/live';
import { useMayAct } from '../data/session';
import type { Position } from '../data/types';
import { useHost } from '../parts/host';
import { OpenDialog } from '../parts/open';
import { PositionRow, positionKey } from '../parts/position';
import { ExportButton } from '../parts/table';
import type { CsvColumn } from '../parts/csv';
import { FlattenDialog } from '../shell/kill';

const COLUMNS: CsvColumn<Position>[] = [
  { name: 'account', text: (it) => it.account },
  { name: 'venue', text: (it) => it.venue },
  { name: 'symbol', text: (it) => it.symbol },
  { name: 'direction', text: (it) => it.direction },
  { name: 'quantity', text: (it) => it.quantity },
  { name: 'entry_price', text: (it) => it.entry_price },
  { name: 'mark_price', text: (it) => it.mark_price },
  { name: 'notional', text: (it) => it.notional },
  { name: 'leverage', text: (it) => it.leverage },
  { name: 'margin_mode', text: (it) => it.margin_mode },
  { name: 'unrealized_pnl', text: (it) => it.unrealized_pnl },
  { name: 'liquidation_price', text: (it) => it.liquidation_price },
  { name: 'venue_liquidation_price', text: (it) => it.venue_liquidation_price },
  { name: 'distance', text: (it) => it.distance },
  { name: 'stop', text: (it) => it.stop?.trigger },
  { name: 'target', text: (it) => it.target?.trigger },
  { name: 'funding_per_day', text: (it) => it.funding?.per_day },
];

export default function PositionsPage() {
  const { positions } = useLive();
  const mayAct = useMayAct();
  const show = useHost();
  return (
    <>
      <div className="page-head">
        <h1>Positions</h1>
        <span className="hint">the nearest to liquidation first; left is worse, whichever way it is held</span>
        <div className="tools">
          <ExportButton name="positions" columns={COLUMNS} rows={positions ?? []} />
          <button type="button" className="button button-small" disabled={!mayAct} title={mayAct ? undefined : 'This token may only read'} onClick={() => show((close) => <OpenDialog onClose={close} />)}>
            Open…
          </button>
          <button type="button" className="button button-small button-kill" disabled={!mayAct} title={mayAct ? undefined : 'This token may only read'} onClick={() => show((close) => <FlattenDialog onClose={close} />)}>
            Flatten…
          </button>
        </div>
      </div>
      <div className="card dims">
        {positions === null ? <p className="empty">Reading positions…</p> : positions.length === 0 ? <p className="empty">Nothing is held.</p> : positions.map((it) => <PositionRow key={positionKey(it)} of={it} />)}
      </div>
    </>
  );
}
