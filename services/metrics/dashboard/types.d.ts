/** What the API answers, as far as the page reads it, and what the page's own parts hand each other. */

import type { components } from "../../../clients/typescript/src/schema.js";

type Schemas = components["schemas"];

/** What some KPIs say beside their three numbers; which has which, the catalogue lists. */
interface Extra {
  mean?: number | null;
  p90?: number | null;
  self_cured?: number;
  pending?: number;
  unripe_minor?: number;
  untouched_minor?: number;
  curve?: { day: number; open: number }[];
  restricted_to?: number;
  grows_until?: string;
}

/** A question of `POST /v1/query`: a KPI and its parameters. */
export type Question = Schemas["SentQuery"]["questions"][number];
export type Answer = Schemas["KpiAnswer"] & Extra;
export type Part = Schemas["PartOfSeries"] & Extra;
export type Catalogued = Schemas["KpiDescription"];
export type Interval = "day" | "week" | "month";

export interface Numbers extends Extra {
  value: number | null;
  numerator: number | null;
  denominator: number | null;
}

/** RFC 9457; where nothing more is known, a status alone. */
export type Problem = Pick<Schemas["Problem"], "status"> & Partial<Schemas["Problem"]>;
export type Reply = Answer | Problem;

export interface Me {
  subject: string;
  tenant: string;
  roles: string[];
  scopes: string[];
}

/** What stands in the address. */
export interface Filters {
  currency: string | null;
  from: string | null;
  to: string | null;
  interval: string | null;
  segment: string[];
  country: string[];
  kind: string[];
  arm: string[];
  compare: string | null;
  as_of: string | null;
  in: string | null;
  month: string | null;
  vintage: string | null;
  queue: string | null;
  version: string | null;
}

/** What a page is drawn by: the filters with all defaults made good. */
export interface View {
  filters: Filters;
  path: string;
  rest: string[];
  today: string;
  currencies: string[];
  currency: string;
  money: string;
  from: string;
  to: string;
  days: number;
  interval: Interval;
  compare: "previous" | "year";
  asOf: string | null;
  me: Me;
  kpis: Map<string, Catalogued>;
  prepared: Got;
  read(path: string): Promise<unknown>;
  ask(kpi: string, more?: Partial<Question>): Question;
}

/** What was answered, by the name the page gave each question or reading. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Got = Record<string, any>;

export interface Explained {
  kpi: string;
  title: string;
  question: Record<string, any>;
  path?: string;
  /** Which part of it is shown first, where the figure is not the numerator. */
  part?: "denominator";
  numbers?: Partial<Numbers>;
  unit?: Answer["unit"];
  currency?: string | null;
}

export interface Serie {
  label: string;
  values: (number | null)[];
  hue: string;
  show: (value: number | null | undefined) => string;
  brief?: (value: number | null | undefined) => string;
  bars?: boolean;
  dash?: number[];
  width?: number;
  area?: boolean;
  stepped?: boolean;
  raw?: (number | null)[];
}

export interface ChartSpec {
  periods?: { from: string; to: string; whole: boolean }[];
  xs?: number[];
  dated?: boolean;
  xShow?: (x: number) => string;
  xName?: (at: number) => string;
  series: Serie[];
  axis: (value: number) => string;
  stacked?: boolean;
  band?: [number, number];
  lines?: { at: number; label: string; right?: boolean; below?: boolean }[];
  legend?: boolean;
  zero?: boolean;
  onPick?: (at: number, serie: number | null) => void;
  hover?: (serie: number, at: number | null) => string;
}

export interface Cell {
  text: string;
  explain?: Explained;
  shade?: number;
  left?: boolean;
  quiet?: boolean;
  badge?: string;
  node?: Node;
}

export interface TableSpec {
  caption: string;
  heads: string[];
  rows: { name: string | Node; cells: (Cell | string)[]; sum?: boolean }[];
}

export interface Drawn {
  controls?: Node[] | undefined;
  body?: Node[];
  chart?: ChartSpec;
  table?: TableSpec;
  summary?: string;
  empty?: string | [string, string];
  mark?: string;
}

export interface PanelSpec {
  id: string;
  title: string;
  note?: string;
  wide?: boolean | "full" | "half";
  keys: string[];
  optional?: string[];
  tall?: boolean;
  controls?(view: View): Node[];
  draw(got: Got, view: View): Drawn;
}

export type FilterField = "currency" | "period" | "more" | "known";

export interface Page {
  title: string;
  lead?: string;
  filters?: false | FilterField[];
  crumb?: [string, string];
  heading?(got: Got): string | undefined;
  prepare?(view: View): Promise<Got>;
  questions?(view: View): Record<string, Question>;
  reads?(view: View): Record<string, () => Promise<unknown>>;
  panels(view: View): PanelSpec[];
  top?(got: Got, view: View): Node[];
  topKeys?: string[];
}
