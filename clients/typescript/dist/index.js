/**
 * Recoup's metrics, typed: `schema.d.ts` is made from docs/api/metrics.json by `make clients`.
 *
 *     const metrics = createMetrics({ baseUrl: "https://metrics.example.com", token });
 *     const { data, error } = await metrics.GET("/v1/kpis/{name}", {
 *       params: { path: { name: "recovery_rate" }, query: { from: "2026-01-01", segment: ["a"] } },
 *     });
 */
import createClient from "openapi-fetch";
/** The calls of metrics, each typed by its path. */
export function createMetrics(options) {
    const client = createClient({
        baseUrl: options.baseUrl,
        // An array is a parameter that stands several times: segment=a&segment=b.
        querySerializer: { array: { style: "form", explode: true } },
        ...(options.fetch ? { fetch: (request) => options.fetch(request) } : {}),
    });
    const signing = {
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
async function headersOf({ token, tenant }) {
    const shown = typeof token === "function" ? await token() : token;
    return {
        ...(shown ? { authorization: `Bearer ${shown}` } : {}),
        ...(tenant ? { "x-tenant": tenant } : {}),
    };
}
/** Whether a question of `POST /v1/query` could not be answered. */
export function isProblem(reply) {
    return "status" in reply && !("value" in reply);
}
/**
 * Up to 50 questions, answered from one snapshot, in their order. The same questions again cost
 * nothing where no figure has changed: the answer is remembered by its `ETag`.
 */
export class Asker {
    #metrics;
    #last;
    constructor(metrics) {
        this.#metrics = metrics;
    }
    async ask(questions) {
        const asked = JSON.stringify(questions);
        const known = this.#last?.asked === asked ? this.#last : undefined;
        const { data, error, response } = await this.#metrics.POST("/v1/query", {
            body: { questions },
            ...(known ? { params: { header: { "If-None-Match": known.tag } } } : {}),
        });
        if (known && response.status === 304)
            return known.answer;
        if (!data)
            throw new MetricsError(response.status, error);
        const tag = response.headers.get("etag");
        this.#last = tag ? { asked, tag, answer: data } : undefined;
        return data;
    }
}
/** A call that metrics refused (RFC 9457). */
export class MetricsError extends Error {
    status;
    problem;
    constructor(status, problem) {
        super(problem?.detail ?? `metrics answered ${status}`);
        this.status = status;
        this.problem = problem;
    }
}
/**
 * What changes, as it happens, until the connection ends. After a `reset` everything is to be asked
 * again. (`EventSource` cannot show a token, hence by `fetch`.)
 */
export async function* changes(options) {
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
        throw new MetricsError(response.status, (await response.json().catch(() => undefined)));
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let waiting = "";
    for (;;) {
        const { value, done } = await reader.read();
        if (done)
            return;
        const blocks = (waiting + value).split("\n\n");
        waiting = blocks.pop() ?? "";
        for (const block of blocks) {
            const change = changeOf(block);
            if (change)
                yield change;
        }
    }
}
function changeOf(block) {
    const fields = new Map();
    for (const line of block.split("\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0)
            fields.set(line.slice(0, colon), line.slice(colon + 2));
    }
    const data = fields.get("data");
    if (data === undefined)
        return undefined; // a comment that keeps the connection open
    return {
        id: fields.get("id") ?? "",
        type: (fields.get("event") ?? "figures"),
        data: JSON.parse(data),
    };
}
