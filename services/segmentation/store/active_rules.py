"""What is in force for a tenant: its policy, models, running experiments and indices.

Asked in the transaction that follows it, after the accounts are locked: whoever comes before a
promotion is re-scored after it, whoever comes after it sees it. Models never change, so those that
were loaded (and whose hash was verified) are kept.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping

from services.segmentation.domain.rules import Rules, Series
from services.segmentation.domain.score import MODEL_VERSION
from services.segmentation.domain.scorer import Scorer, Shadow
from services.segmentation.learning.cases import Target
from services.segmentation.learning.challenger import Challenger
from services.segmentation.learning.model import Model
from services.segmentation.store import experiments as experiment_store
from services.segmentation.store import figures
from services.segmentation.store import models as store
from services.segmentation.store.active_policies import ActivePolicies
from shared.database import Session
from shared.errors import Conflict, NotFound

MODELS_KEPT = 256


class OnlyInShadow(Conflict):
    """A challenger cannot be in force."""


class _Market:
    """A tenant's indices, and the models that look at them."""

    def __init__(self, revisions: Mapping[str, int], indices: Mapping[str, Series]) -> None:
        self.revisions = dict(revisions)
        self.indices = indices
        self._beside: dict[str, Scorer] = {}

    def scorer(self, scorer: Scorer) -> Scorer:
        if scorer.version not in self._beside:
            self._beside[scorer.version] = scorer.beside(self.indices)
        return self._beside[scorer.version]

    def shadow(self, shadow: Shadow) -> Shadow:
        return shadow.asking(self.scorer(shadow.scorer))


class ActiveRules:
    """What is in force, by tenant. One per process, in its context."""

    def __init__(self, policies: ActivePolicies) -> None:
        self.policies = policies
        self._kept: OrderedDict[tuple[str, str], Shadow] = OrderedDict()
        self._markets: dict[str, _Market] = {}

    async def of(self, session: Session, tenants: Collection[str]) -> dict[str, Rules]:
        """The rules of each tenant."""
        policies = await self.policies.of(session, tenants)
        experiments = await experiment_store.find_running(session, tenants)
        revisions = await figures.index_revisions(session, tenants)
        roles = await store.current_roles(session, tenants)
        found = {}
        for tenant in tenants:
            scorers: dict[Target, Scorer] = {}
            shadows: dict[Target, Shadow] = {}
            market = await self._market(session, tenant, revisions[tenant])
            for role in roles[tenant]:
                if role.version is None or role.version == MODEL_VERSION:
                    continue
                if role.role == "champion":
                    scorer = await self.scorer(session, tenant, role.version)
                    scorers[role.target] = market.scorer(scorer)
                else:
                    shadow = await self.shadow(session, tenant, role.version)
                    shadows[role.target] = market.shadow(shadow)
            found[tenant] = Rules(
                policy=policies[tenant],
                scorers=scorers,
                shadows=shadows,
                experiments=experiments.get(tenant, ()),
                indices=market.indices,
            )
        return found

    async def _market(
        self, session: Session, tenant: str, revisions: Mapping[str, int]
    ) -> "_Market":
        """The tenant's indices, read again only where they have changed."""
        market = self._markets.get(tenant)
        if market is None or market.revisions != revisions:
            indices = await figures.indices_of(session, tenant) if revisions else {}
            market = self._markets[tenant] = _Market(revisions, indices)
        return market

    async def scorer(self, session: Session, tenant: str, version: str) -> Scorer:
        """A model ready to be asked. Raises `NotFound`, and `Invalid` for one that was changed."""
        shadow = await self.shadow(session, tenant, version)
        if shadow.version != shadow.scorer.version:
            raise OnlyInShadow(f"{version} has no reasons to give: it answers in the shadow only")
        return shadow.scorer

    async def shadow(self, session: Session, tenant: str, version: str) -> Shadow:
        """The same for a shadow: trees too, with the scorecard they belong to."""
        key = (tenant, version)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        found = await store.find_document(session, tenant, version)
        if found is None:
            raise NotFound(f"there is no model {version!r}")
        if found.beside is None:
            kept = Shadow(Scorer(Model.from_json(found.document)))
        else:
            scorer = await self.scorer(session, tenant, found.beside)
            kept = Shadow(scorer, Challenger.from_json(found.document))
        self._kept[key] = kept
        while len(self._kept) > MODELS_KEPT:
            self._kept.popitem(last=False)
        return kept
