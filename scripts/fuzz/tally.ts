/** What came of the frames of one type. Those with a spoiled id, and behind what ended their session, are sent alone. */
export interface TypeTally {
  sent: number;
  accepted: number;
  refused: number;
}

/** What came of the frames, of all lanes together. */
export class Tally {
  frames = 0;
  sessions = 0;
  resumed = 0;
  /** Of the messages that the frames were made from. */
  readonly types = new Map<string, TypeTally>();
  /** Replies, by their type; errors by `error` and their code. */
  readonly replies = new Map<string, number>();

  of(type: string): TypeTally {
    const known = this.types.get(type);
    if (known) return known;
    const counts: TypeTally = { sent: 0, accepted: 0, refused: 0 };
    this.types.set(type, counts);
    return counts;
  }

  /** A frame of this type is sent. */
  onSent(type: string): void {
    this.frames++;
    this.of(type).sent++;
  }

  onReply({ type, code }: { readonly type: string; readonly code?: unknown }): void {
    const key = type === 'error' ? `error ${String(code)}` : type;
    this.replies.set(key, (this.replies.get(key) ?? 0) + 1);
  }

  /** A frame of this type has been answered. */
  onAnswer(type: string, isAccepted: boolean): void {
    this.of(type)[isAccepted ? 'accepted' : 'refused']++;
  }
}
