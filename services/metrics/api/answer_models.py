"""How answers look, for OpenAPI and so for the TypeScript client. The figures' own answers are
written by `domain/answers.py`; tests hold them against these models."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """Base of what is answered. Members are only added: readers pass over those they don't know."""

    model_config = ConfigDict(frozen=True)


class TargetView(Shape):
    from_on: date = Field(description="the first day that it holds for")
    split: dict[str, str] = Field(description="dimension → value; of exactly these figures")
    value: float


class KpiTargets(Shape):
    kpi: str
    items: list[TargetView]


class KpiTargetList(Shape):
    items: list[KpiTargets]
