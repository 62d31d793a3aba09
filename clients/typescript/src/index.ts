/**
 * Recoup's metrics, typed: `schema.d.ts` is made from docs/api/metrics.json by `make clients`.
 *
 *     const metrics = createMetrics({ baseUrl: "https://metrics.example.com", token });
 *     const { data, error } = await metrics.GET("/v1/kpis/{name}", {
 *       params: { path: { name: "recovery_rate" }, query: { from: "2026-01-01", segment: ["a"] } },
 *     });
 */
import createClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";

type Schemas = components["schemas"];
export type KpiAnswer = Schemas["KpiAnswer"];
export type KpiDescription = Schemas["KpiDescription"];
export type GroupOfFigures = Schemas["GroupOfFigures"];
export type PartOfSeries = Schemas["PartOfSeries"];
export type Problem = Schemas["Problem"];
export type QuestionProblem = Schemas["QuestionProblem"];
export type Question = Schemas["SentQuery"]["questions"][number];
export type Reply = KpiAnswer | QuestionProblem;
export type Metrics = Client<paths>;

export interface Options {
  /** Where metrics is. */
  baseUrl: string;
  /** A token with the scope `metrics:read`, or what gives one. None: a page's session. */
  token?: string | (() => string | Promise<string>);
  /** For a token of all tenants: which one is meant. */
  tenant?: string;
  fetch?: typeof globalThis.fetch;
}

/** The calls of metrics, each typed by its path. */
export function createMetrics(options: Options): Metrics {
  const client = createClient<paths>({
    baseUrl: options.baseUrl,
    // An array is a parameter that stands several times: segment=a&segment=b.
    querySerializer: { array: { style: "form", explode: true } },
    ...(options.fetch ? { fetch: (request: Request) => options.fetch!(request) } : {}),
  });
  const signing: Middleware = {
    async onRequest({ request }) {
      for (const [name, value] of Object.entries(await headersOf(options))) {
        request.headers.set(name, value);
      }
      return request;
    },
  };
  client.use(signing);
  return client;
}

async function headersOf({ token, tenant }: Options): Promise<Record<string, string>> {
  const shown = typeof token === "function" ? await token() : token;
  return {
    ...(shown ? { authorization: `Bearer ${shown}` } : {}),
    ...(tenant ? { "x-tenant": tenant } : {}),
  };
}

/** Whether a question of `POST /v1/query` could not be answered. */
export function isProblem(reply: Reply): reply is QuestionProblem {
  return "status" in reply && !("value" in reply);
}

/**
 * Up to 50 questions, answered from one snapshot, in their order. The same questions again cost
 * nothing where no figure has changed: the answer is remembered by its `ETag`.
 */
export class Asker {
  readonly #metrics: Metrics;
  #last: { asked: string; tag: string; answer: Schemas["QueryAnswer"] } | undefined;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  async ask(questions: Question[]): Promise<Schemas["QueryAnswer"]> {
    const asked = JSON.stringify(questions);
    const known = this.#last?.asked === asked ? this.#last : undefined;
    const { data, error, response } = await this.#metrics.POST("/v1/query", {
      body: { questions },
      ...(known ? { params: { header: { "If-None-Match": known.tag } } } : {}),
    });
    if (known && response.status === 304) return known.answer;
    if (!data) throw new MetricsError(response.status, error as Problem | undefined);
    const tag = response.headers.get("etag");
    this.#last = tag ? { asked, tag, answer: data } : undefined;
    return data;
  }
}

/** A call that metrics refused (RFC 9457). */
export class MetricsError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | undefined,
  ) {
    super(problem?.detail ?? `metrics answered ${status}`);
  }
}

export interface Change {
  /** The revision: hand it on as `lastEventId` to go on after it. */
  id: string;
  type: "figures" | "alert" | "plan" | "experiment" | "reset";
  data: { revision: number } & Record<string, unknown>;
}

/**
 * What changes, as it happens, until the connection ends. After a `reset` everything is to be asked
 * again. (`EventSource` cannot show a token, hence by `fetch`.)
 */
export async function* changes(
  options: Options & { lastEventId?: string; signal?: AbortSignal },
): AsyncGenerator<Change> {
  const { baseUrl, lastEventId, signal, fetch = globalThis.fetch } = options;
  const headers = {
    ...(await headersOf(options)),
    accept: "text/event-stream",
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
  const response = await fetch(new URL("/v1/stream", baseUrl), {
    headers,
    ...(signal ? { signal } : {}),
  });
  if (!response.ok || !response.body) {
    throw new MetricsError(response.status, (await response.json().catch(() => undefined)) as Problem);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (waiting + value).split("\n\n");
    waiting = blocks.pop() ?? "";
    for (const block of blocks) {
      const change = changeOf(block);
      if (change) yield change;
    }
  }
}

function changeOf(block: string): Change | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const data = fields.get("data");
  if (data === undefined) return undefined; // a comment that keeps the connection open
  return {
    id: fields.get("id") ?? "",
    type: (fields.get("event") ?? "figures") as Change["type"],
    data: JSON.parse(data) as Change["data"],
  };
}
