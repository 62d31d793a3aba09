import asyncio, httpx, msgspec, shutil, random
from contextlib import asynccontextmanager
from datetime import date, timedelta
import pytest, uvicorn
from services.ledger.app import create_app
from services.ledger.settings import Settings
from services.segmentation import consumer
from services.metrics import consumer as mc
from services.metrics.api import kpis, pages, stream
from shared.auth import Auth
from shared.consume import OutboxSource, run_consumer
from shared.web import make_app
from tests.integration.segmentation.helpers import POLICY
from playwright.async_api import async_playwright
KEY="a-dev-key-for-tests"
@pytest.mark.filterwarnings("default")
async def test_page(ledger_url, ledger_db, segmentation_db, metrics_db):
    app=create_app(Settings.from_env({"RECOUP_LOCAL":"1","RECOUP_CLOCK":"manual","RECOUP_DEV_KEY":KEY,"LEDGER_DATABASE_URL":ledger_url}))
    n=0; R=random.Random(4)
    def ev(t,time,a,**d):
        nonlocal n; n+=1
        return {"specversion":"1.0","id":f"e{n}","source":"/billing","type":t,"subject":a,"time":time,"data":{"account_id":a,**d}}
    stop=asyncio.Event()
    tasks=[asyncio.create_task(run_consumer(segmentation_db,consumer.subscription(POLICY),[OutboxSource(ledger_db,("ledger.events",))],stop=stop)),
      asyncio.create_task(run_consumer(metrics_db,mc.SUBSCRIPTION,[OutboxSource(ledger_db,("ledger.events","ledger.tenants")),OutboxSource(segmentation_db,("segmentation.events",))],stop=stop))]
    live=stream.Live(metrics_db)
    @asynccontextmanager
    async def life(_):
        yield
        live.close()
    async def nothing(): return None
    m=make_app(title="Recoup metrics",version="1",description="",state=None,lifespan=life,lag=nothing,ready=nothing,auth=Auth(jwks=None,dev_key=KEY,default_tenant="demo"))
    m.state.db=metrics_db; m.state.live=live; m.state.page_token=KEY
    m.add_middleware(pages.SessionCookie)
    for r in (kpis.router,stream.router,pages.router): m.include_router(r)
    pages.mount_dashboard(m)
    srv=uvicorn.Server(uvicorn.Config(m,port=18999,log_config=None)); st=asyncio.create_task(srv.serve())
    try:
      async with app.router.lifespan_context(app), httpx.AsyncClient(transport=httpx.ASGITransport(app=app),base_url="http://t",headers={"authorization":f"Bearer {KEY}"},timeout=60) as c, async_playwright() as p:
        async def post(*e):
            r=await c.post("/v1/events",content=msgspec.json.encode(list(e)),headers={"content-type":"application/cloudevents-batch+json"}); assert r.status_code==200,r.text
        b=await p.chromium.launch(executable_path=shutil.which("chromium"),args=["--no-sandbox","--disable-gpu","--disable-dev-shm-usage"])
        pg=await b.new_page(viewport={"width":1400,"height":1100}); bad=[]
        pg.on("console",lambda x:bad.append(x.text) if x.type in("error","warning") else None); pg.on("pageerror",lambda e:bad.append(str(e)))
        pg.on("response",lambda r:bad.append(f"{r.status} {r.url}") if r.status>=400 else None)
        await pg.goto("http://127.0.0.1:18999/")
        try: await pg.wait_for_selector('body[data-state="empty"]',timeout=10000)
        except Exception as e: print("NOT EMPTY", await pg.evaluate("document.body.dataset.state"), bad); await pg.screenshot(path="/tmp/seg/real0.png")
        print("empty",bad)
        for a in range(30): await post(ev("account-registered","2026-01-01T09:00:00Z",f"A{a}",name="x"))
        d=date(2026,1,1); inv=[]
        for w in range(20):
            es=[]
            for a in range(30):
                if R.random()<.4:
                    cur="EUR" if a%3 else "JPY"; i=f"I{w}-{a}"; amt=R.randrange(1000,90000)
                    es.append(ev("invoice-issued",f"{d}T09:00:00Z",f"A{a}",invoice_id=i,currency=cur,amount_minor=amt,issued_on=str(d),due_on=str(d+timedelta(14))))
                    late=R.choice([-3,0,5,10,25,45,200]); inv.append((d+timedelta(14+late),i,f"A{a}",cur,amt))
            for x in [x for x in inv if x[0]<=d]:
                inv.remove(x); es.append(ev("payment-received",f"{x[0]}T12:00:00Z",x[2],payment_id="P"+x[1],currency=x[3],amount_minor=x[4],received_at=f"{x[0]}T12:00:00Z"))
            await post(*es)
            r=await c.post("/v1/jobs/start-day",json={"day":str(d)}); assert r.status_code==200,r.text
            d+=timedelta(7)
        try: await pg.wait_for_selector('body[data-state="ready"]',timeout=20000)
        except Exception as e: print("NOT READY", await pg.evaluate("document.body.dataset.state"), bad)
        await asyncio.sleep(8); print(bad)
        await pg.screenshot(path="/tmp/seg/real.png",full_page=True)
        await pg.get_by_role("radio",name="All").check(); await pg.select_option("#currency","JPY"); await asyncio.sleep(5)
        await pg.screenshot(path="/tmp/seg/real2.png",full_page=True); print(bad)
        async with httpx.AsyncClient(headers={"authorization":f"Bearer {KEY}"}) as h:
            for q in ("invoiced?from=2000-01-01","recovery_rate?currency=EUR&group_by=segment&from=2026-01-01","aging?currency=EUR&group_by=segment","contacts?interval=week"):
                r=await h.get("http://127.0.0.1:18999/v1/kpis/"+q); print(r.status_code,r.text[:400])
        await b.close()
    finally:
        srv.should_exit=True; live.close(); stop.set(); await asyncio.gather(st,*tasks)
