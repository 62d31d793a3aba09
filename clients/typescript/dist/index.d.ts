/**
 * Recoup's metrics, typed: `schema.d.ts` is made from docs/api/metrics.json by `make clients`.
 *
 *     const metrics = createMetrics({ baseUrl: "https://metrics.example.com", token });
 *     const { data, error } = await metrics.GET("/v1/kpis/{name}", {
 *       params: { path: { name: "recovery_rate" }, query: { from: "2026-01-01", segment: ["a"] } },
 *     });
 */
import { type Client } from "openapi-fetch";
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
export declare function createMetrics(options: Options): Metrics;
/** Whether a question of `POST /v1/query` could not be answered. */
export declare function isProblem(reply: Reply): reply is QuestionProblem;
/**
 * Up to 50 questions, answered from one snapshot, in their order. The same questions again cost
 * nothing where no figure has changed: the answer is remembered by its `ETag`.
 */
export declare class Asker {
    #private;
    constructor(metrics: Metrics);
    ask(questions: Question[]): Promise<Schemas["QueryAnswer"]>;
}
/** A call that metrics refused (RFC 9457). */
export declare class MetricsError extends Error {
    readonly status: number;
    readonly problem: Problem | undefined;
    constructor(status: number, problem: Problem | undefined);
}
export interface Change {
    /** The revision: hand it on as `lastEventId` to go on after it. */
    id: string;
    type: "figures" | "alert" | "plan" | "experiment" | "reset";
    data: {
        revision: number;
    } & Record<string, unknown>;
}
/**
 * What changes, as it happens, until the connection ends. After a `reset` everything is to be asked
 * again. (`EventSource` cannot show a token, hence by `fetch`.)
 */
export declare function changes(options: Options & {
    lastEventId?: string;
    signal?: AbortSignal;
}): AsyncGenerator<Change>;
