import type { Severity } from '../data/types';
import { Badge } from './figure';

export function SeverityBadge({ severity }: { severity: Severity }) {
  return <Badge tone={severity === 'critical' ? 'danger' : severity === 'warning' ? 'warn' : 'plain'}>{severity === 'critical' ? '◆ critical' : severity === 'warning' ? '▲ warning' : '· info'}</Badge>;
}
