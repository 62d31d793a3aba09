"""The TypeScript client against a real server: what is built is what the types promise."""

import asyncio
import json
import shutil
from pathlib import Path

from services.metrics.settings import Settings
from tests.conftest import not_run
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.served import DEV_KEY
from tests.integration.metrics.test_figures import an_account, an_invoice
from tests.integration.metrics.test_stream import served

CLIENT = Path(__file__).parents[3] / "clients" / "typescript" / "dist" / "index.js"
SCRIPT = """
import { Asker, changes, createMetrics, isProblem } from %(client)s;

const statuses = [];
const counting = async (...call) => {
  const answer = await fetch(...call);
  statuses.push(answer.status);
  return answer;
};
const options = { baseUrl: %(url)s, token: () => %(token)s, tenant: "demo", fetch: counting };
const metrics = createMetrics(options);
const window = { from: "2026-03-01", to: "2026-03-31" };
const { data } = await metrics.GET("/v1/kpis/{name}", {
  params: { path: { name: "invoiced" }, query: { ...window, segment: ["a", ""] } },
});
const wrong = await metrics.GET("/v1/kpis/{name}", { params: { path: { name: "profit" } } });
const asker = new Asker(metrics);
const questions = [{ kpi: "invoiced", ...window }, { kpi: "profit" }];
const first = await asker.ask(questions);
const second = await asker.ask(questions);
const { value: change } = await changes({ ...options, lastEventId: "0" }).next();
console.log(JSON.stringify({
  value: data.value,
  why: wrong.error.status,
  items: first.items.map((item) => (isProblem(item) ? item.status : item.value)),
  isRemembered: first === second,
  statuses,
  change,
}));
process.exit(0);
"""


async def test_the_client_asks_remembers_and_follows(settings: Settings, deliver: Deliver) -> None:
    node = shutil.which("node")
    if node is None or not CLIENT.exists():
        not_run("the TypeScript client is not built: make clients")
    await deliver([an_account(), an_invoice("I1", 100, "2026-03-02", "2026-03-16")])
    async with served(settings) as (client, _):
        script = SCRIPT % {
            "client": json.dumps(CLIENT.as_uri()),
            "url": json.dumps(str(client.base_url)),
            "token": json.dumps(DEV_KEY),
        }
        running = await asyncio.create_subprocess_exec(
            node,
            "--input-type=module",
            "--eval",
            script,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(120):
            written, errors = await running.communicate()
    assert running.returncode == 0, errors.decode()
    found = json.loads(written)
    assert found.pop("change") == {
        "id": "1",
        "type": "figures",
        "data": {
            "revision": 1,
            "from": "2026-03-01",
            "to": "2026-03-02",
            "events": {"account-registered": 1, "invoice-issued": 1},
        },
    }
    assert found == {
        "value": 100,
        "why": 404,
        "items": [100, 404],
        "isRemembered": True,
        "statuses": [200, 404, 200, 304, 200],
    }
