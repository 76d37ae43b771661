// What goes to the playground's server and what comes back: requests, and the stream of events.

const ATTEMPT_SECONDS = [0.5, 1, 2, 4, 8];

/** A request to the people's side; an error becomes an Error with the server's one line. */
export async function request(path, body, method = "POST") {
  const init = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  const response = await fetch(path, init);
  const text = await response.text();
  const answer = parsed(text);
  if (!response.ok) throw new Error(answer?.error ?? answer?.description ?? `${response.status} ${text.slice(0, 120) || response.statusText}`);
  return answer;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Keeps a world up to date: reads /world, then follows /events from there, for ever. After a break it goes on
 * from the last event; when the server cannot (another process, too large a gap) it says "reset", and the world is read again.
 */
export class Link {
  constructor({ onWorld, onEvent, onState }) {
    Object.assign(this, { onWorld, onEvent, onState });
    this.seq = 0;
    this.source = null;
    this.failures = 0;
    // A page that is kept for the back button must not keep one of the browser's few connections to the server.
    addEventListener("pagehide", () => this.source?.close());
    addEventListener("pageshow", (event) => event.persisted && this.start());
  }

  async start() {
    this.source?.close();
    try {
      const world = await request("/world", undefined, "GET");
      this.seq = world.seq;
      this.onWorld(world);
      this.follow();
    } catch (error) {
      this.again(() => this.start(), error);
    }
  }

  follow() {
    const source = new EventSource(`/events?since=${this.seq}`);
    this.source = source;
    source.onopen = () => {
      this.failures = 0;
      this.onState(true);
    };
    source.onmessage = (message) => this.take(parsed(message.data));
    source.onerror = () => {
      // An answer that is no stream closes it for good: what we know is of no use to this server.
      const refused = source.readyState === EventSource.CLOSED;
      source.close();
      this.again(() => (refused ? this.start() : this.follow()));
    };
  }

  take(event) {
    if (!event || event.type === "hello") return;
    if (event.type === "reset") {
      this.start();
    } else if (event.seq > this.seq) {
      this.seq = event.seq;
      this.onEvent(event);
    }
  }

  again(action) {
    this.onState(false);
    const wait = ATTEMPT_SECONDS[Math.min(this.failures++, ATTEMPT_SECONDS.length - 1)];
    setTimeout(action, wait * 1000);
  }
}
