"""Who asks: by cookie or token, how often, from whose page; and the cookie that answers carry."""

from typing import Annotated

from fastapi import Depends, Header, Request, Response

from services.outreach.api.dependencies import ContextDep
from services.outreach.channels.domain.opt_out_page import language_of
from services.outreach.channels.domain.tokens import LINK_LENGTH, read_portal_link
from services.outreach.context import Context
from services.outreach.portal.domain import limits, origins
from services.outreach.portal.domain.sessions import cookie_name, token_hash
from services.outreach.portal.domain.words import LANGUAGES
from services.outreach.portal.processes.doorway import Visitor, find_visitor
from shared import clock
from shared.errors import Forbidden, TooMany, Unauthenticated
from shared.web import needed_key
from shared.web.auth import Caller

_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LINK_MARK = "l."  # a cookie of who has shown nothing: the link's own token
_COOKIE_LENGTH_MAX = 200


class Visit:
    """One request of a visitor: counted, from one of our pages or from no page at all."""

    def __init__(
        self,
        request: Request,
        context: ContextDep,
        accept_language: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> None:
        self.context: Context = context
        self.language = language_of(accept_language)
        self.cookie = request.cookies.get(_cookie(context), "")[:_COOKIE_LENGTH_MAX]
        self.network = _network(request, context)
        self._count(context.portal.of_networks, f"n {self.network}", limits.A_MINUTE_PER_ADDRESS)
        if request.method in _UNSAFE:
            self._refuse_others(request)

    def _refuse_others(self, request: Request) -> None:
        host = request.headers.get("host", "").lower()
        hosts = {host, self.context.portal.public_host} - {""}
        headers = request.headers
        if not origins.is_own(headers.get("sec-fetch-site"), headers.get("origin"), hosts):
            raise Forbidden(self.say("not-a-browser-of-ours"))

    def say(self, name: str) -> str:
        return self.context.portal.words.say(self.language, name)

    def chosen(self, language: str | None) -> str:
        return language if language in LANGUAGES else self.language

    @property
    def session_token(self) -> str | None:
        return self.cookie if self.cookie and not self.cookie.startswith(_LINK_MARK) else None

    def link_token(self, given: str | None) -> str:
        """As the request names it, else as the cookie does. It is counted, genuine or not."""
        token = given
        if token is None:
            is_link = self.cookie.startswith(_LINK_MARK)
            token = self.cookie.removeprefix(_LINK_MARK) if is_link else ""
        token = token[: LINK_LENGTH + 1]
        self.count_link(token)
        return token

    def count_link(self, token: str) -> None:
        genuine = read_portal_link(token, self.context.links.keys.all)
        name = token_hash(token).hex() if genuine is None else genuine.link_id.hex()
        self._count(self.context.portal.of_links, f"l {name}", limits.A_MINUTE_PER_LINK)

    def count_visitor(self, visitor: Visitor) -> None:
        name = f"l {visitor.link.name}"
        self._count(self.context.portal.of_links, name, limits.A_MINUTE_PER_LINK)

    def count_new_link(self) -> None:
        counts = self.context.portal.of_new_links
        self._count(counts, f"n {self.network}", limits.NEW_LINKS_AN_HOUR)

    def _count(self, counts: limits.RequestCounts, who: str, most: int) -> None:
        seconds = counts.refused_for(who, most, clock.monotonic())
        if seconds:
            raise TooMany(self.say("too-often"), seconds)

    async def visitor(self) -> Visitor:
        """Raises `Unauthenticated` without a session that goes on."""
        token = self.session_token
        if token is None:
            raise Unauthenticated(self.say("session-over"))
        visitor = await find_visitor(self.context, token, self.language)
        self.count_visitor(visitor)
        self.language = visitor.language
        return visitor


VisitDep = Annotated[Visit, Depends(Visit)]


async def _visitor(visit: VisitDep) -> Visitor:
    return await visit.visitor()


async def _key(request: Request, _visitor: Annotated[Visitor, Depends(_visitor)]) -> str:
    return needed_key(request)


VisitorDep = Annotated[Visitor, Depends(_visitor)]
KeyDep = Annotated[str, Depends(_key)]


def debtor(visitor: Visitor) -> Caller:
    """As whom the answers to keys are kept."""
    return Caller("debtor", visitor.tenant, frozenset(), any_tenant=False)


def with_session(response: Response, context: Context, token: str) -> Response:
    return _with_cookie(response, context, token)


def with_link(response: Response, context: Context, token: str) -> Response:
    """So that the token stands in the first address alone."""
    return _with_cookie(response, context, _LINK_MARK + token)


def without_session(response: Response, context: Context) -> Response:
    response.headers.append("Set-Cookie", f"{_cookie(context)}=; Max-Age=0; {_attributes(context)}")
    return response


def _with_cookie(response: Response, context: Context, value: str) -> Response:
    response.headers.append("Set-Cookie", f"{_cookie(context)}={value}; {_attributes(context)}")
    return response


def _cookie(context: Context) -> str:
    return cookie_name(is_local=not context.portal.is_secure)


def _attributes(context: Context) -> str:
    """Lax: the way back from a payment page is another site's."""
    secure = "; Secure" if context.portal.is_secure else ""
    return f"Path=/; HttpOnly; SameSite=Lax{secure}"


def _network(request: Request, context: Context) -> str:
    peer = request.client.host if request.client is not None else ""
    forwarded = request.headers.get("x-forwarded-for")
    return origins.network_of(peer, forwarded, context.portal.proxies)
