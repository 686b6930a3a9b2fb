/** One frame of a stream of server-sent events. */
export interface Frame {
  event: string;
  id: string | null;
  data: string;
}

/** Takes text as it comes, in whatever pieces, and gives whole frames. Comments are sign of life and no more. */
export class Frames {
  private rest = '';
  private event = '';
  private id: string | null = null;
  private data: string[] = [];

  feed(text: string): Frame[] {
    this.rest += text;
    const found: Frame[] = [];
    for (;;) {
      const end = this.rest.search(/[\r\n]/);
      if (end < 0) return found;
      // A carriage return at the very end may be half of a line's end.
      if (this.rest[end] === '\r' && end === this.rest.length - 1) return found;
      const line = this.rest.slice(0, end);
      this.rest = this.rest.slice(this.rest.startsWith('\r\n', end) ? end + 2 : end + 1);
      const frame = this.line(line);
      if (frame) found.push(frame);
    }
  }

  private line(line: string): Frame | null {
    if (line === '') {
      const frame = this.data.length > 0 ? { event: this.event || 'message', id: this.id, data: this.data.join('\n') } : null;
      this.event = '';
      this.id = null;
      this.data = [];
      return frame;
    }
    if (line.startsWith(':')) return null;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.event = value;
    if (field === 'data') this.data.push(value);
    if (field === 'id' && !value.includes('\0')) this.id = value;
    return null;
  }
}
