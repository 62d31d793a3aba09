/** Compiled, not run: what the types let through, and what not. */
import { Asker, createMetrics, isProblem, type Question } from "../src/index.js";

const metrics = createMetrics({ baseUrl: "http://127.0.0.1:8004", token: "t", tenant: "demo" });

export async function one(): Promise<number | null | undefined> {
  const { data, error } = await metrics.GET("/v1/kpis/{name}", {
    params: {
      path: { name: "recovery_rate" },
      query: { from: "2026-01-01", interval: "week", segment: ["a", ""], compare: "year" },
    },
  });
  if (error) {
    const why: string = error.detail;
    throw new Error(why);
  }
  const last: number | null | undefined = data?.series.at(-1)?.value;
  return data?.change?.relative ?? last;
}

export async function many(): Promise<string[]> {
  const questions: Question[] = [{ kpi: "dso", currency: "EUR", compare: "previous" }];
  const { items } = await new Asker(metrics).ask(questions);
  return items.map((item) => (isProblem(item) ? item.detail : item.name));
}

export async function wrong(): Promise<void> {
  // @ts-expect-error there is no such interval
  await metrics.GET("/v1/kpis/{name}", { params: { path: { name: "dso" }, query: { interval: "year" } } });
  // @ts-expect-error there is no such path
  await metrics.GET("/v1/kpi/{name}", {});
  // @ts-expect-error a target has a day
  await metrics.PUT("/v1/targets/{kpi}", { params: { path: { kpi: "dso" } }, body: { items: [{ value: 1 }] } });
  // @ts-expect-error a question names its KPI
  const question: Question = { currency: "EUR" };
  void question;
}
