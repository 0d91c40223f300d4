"""What will it do? One piece of work on up to four chips: speed, interactivity, money, with intervals; all in the address."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lockgate.base.errors import LockgateError, ProblemCollector
from lockgate.capability.fleets import Running
from lockgate.reports.capability_charts import as_png, front_chart, interval_chart, standalone
from lockgate.services.measured import measured_runs
from lockgate.services.scenario import CHIPS_MAX, ChipResult, Scenario, layout_in_words, play_scenario
from lockgate.web.query import reads
from lockgate.web.respond import dates_of, page, respond
from lockgate.web.site import site_of

router = APIRouter()

DEFAULT_CHIPS = ("h100-sxm", "h200-sxm", "h20-96", "ascend-910b3")
WHOLE = (
    "count",
    "input_len",
    "output_len",
    "seq_len",
    "global_batch",
    "tp",
    "pp",
    "ep",
    "cp",
    "micro_batch",
    "concurrency",
)
REAL = ("ttft_limit_s", "tpot_limit_s")
WORDS = ("precision", "framework")
DEFAULTS = {"kind": "serve", "model": "llama3.1-70b", "count": "8", "input_len": "2048", "output_len": "128"}
MEASURED_MAX = 16
RUNNING = ("electricity_usd_per_kwh", "years", "use_fraction")


NAMES = ("kind", "model", "chip", "log", *WHOLE, *REAL, *WORDS, *RUNNING, "price_usd.*", "power_w.*")


@router.get("/capability")
@reads(*NAMES)
def show_capability(request: Request) -> Response:
    """The scenario of the address; a worked one where it names none."""
    site = site_of(request)
    form = form_of(request)
    lists: dict[str, Any] = {
        "models": [model.id for model in site.catalogue.models()],
        "all_chips": site.catalogue.chips(),
        "chips_max": CHIPS_MAX,
        "measured_max": MEASURED_MAX,
    }
    try:
        scenario = read_scenario(request, form)
        results = play_scenario(site.catalogue, scenario)
    except LockgateError as error:
        if request.state.format != "html":
            raise
        return page(
            request,
            "capability/show.html",
            422,
            problems=error.problems,
            form=form,
            chosen=chips_of(request),
            results=(),
            charts={},
            rows=(),
            points=(),
            measured=(),
            running=Running(),
            **lists,
        )
    rows = [result.as_dict(scenario.running) for result in results]
    table = [table_row(result) for result in results]
    points = points_of(results)
    measured = measured_runs(scenario.fields, [result.found.chip for result in results])
    charts = {} if request.state.format != "html" else draw_charts(request, table, points, measured)
    return respond(
        request, "capability/show.html", data={"scenario": form, "chips": rows, "pareto": points, "measured": measured}, rows=table, measured=measured, header=TABLE_COLUMNS, form=form, chosen=list(scenario.chips),
        results=results, charts=charts, points=points, running=scenario.running, words=layout_in_words, **lists, **dates_of(request),
    )  # fmt: skip


@router.get("/capability/chart/{name}.{ending}")
@reads(*NAMES)
def show_chart(request: Request, name: str, ending: str) -> Response:
    """One chart of the scenario as a file: SVG or PNG."""
    form = form_of(request)
    scenario = read_scenario(request, form)
    results = play_scenario(site_of(request).catalogue, scenario)
    measured = measured_runs(scenario.fields, [result.found.chip for result in results])
    charts = draw_charts(request, [table_row(result) for result in results], points_of(results), measured)
    if name not in charts or ending not in ("svg", "png"):
        raise LockgateError(
            f"there is no chart {name}.{ending}",
            code="not-found",
            hint=", ".join(f"{known}.svg" for known in charts),
        )
    if ending == "png":
        return Response(as_png(charts[name]), media_type="image/png")
    return Response(standalone(charts[name]), media_type="image/svg+xml")


def form_of(request: Request) -> dict[str, str]:
    """What the form holds: the address over a worked example."""
    given = {name: value for name, value in request.query_params.items() if value}
    known = ("kind", "model", *WHOLE, *REAL, *WORDS, *RUNNING)
    base = (
        DEFAULTS if not any(name in given for name in ("kind", "model")) else {"kind": "serve", "count": "8"}
    )
    return base | {name: given[name] for name in known if name in given}


def chips_of(request: Request) -> list[str]:
    """The chips of the address; the worked example's where it names none."""
    return [chip for chip in request.query_params.getlist("chip") if chip] or list(DEFAULT_CHIPS)


def read_scenario(request: Request, form: dict[str, str]) -> Scenario:
    """The scenario of the form.

    Raises:
        InvalidInputError: With every number that is none.
    """
    problems = ProblemCollector()

    def number(name: str, text: str, kind: type) -> Any:
        try:
            return kind(text.replace(",", ""))
        except ValueError:
            problems.add(
                f"{text!r} is no number",
                code="bad-number",
                where=name,
                hint="a whole number" if kind is int else "a number",
            )
            return None

    fields: dict[str, Any] = {"kind": form["kind"], "model": form.get("model", "")}
    fields |= {name: form[name] for name in WORDS if name in form}
    fields |= {name: number(name, form[name], int) for name in WHOLE if name in form}
    fields |= {name: number(name, form[name], float) for name in REAL if name in form}
    own: dict[str, dict[str, float]] = {}
    for chip in chips_of(request):
        for name in ("price_usd", "power_w"):
            text = request.query_params.get(f"{name}.{chip}", "")
            value = number(f"{name}.{chip}", text, float) if text else None
            if value is not None and value <= 0:
                problems.add(f"{text} is not above nought", code="bad-number", where=f"{name}.{chip}")
            elif value is not None:
                own.setdefault(chip, {})[name] = value
    kept = {name: number(name, form[name], float) for name in RUNNING if name in form}
    for name, value in kept.items():
        if value is not None and not value > 0:
            problems.add(f"{value} is not above nought", code="bad-number", where=name)
    problems.raise_if_any()
    return Scenario(fields, chips_of(request), own, Running(**kept))


TABLE_COLUMNS = (
    "chip", "name", "tokens_per_s_per_chip", "low_50", "high_50", "low_90", "high_90", "ratio", "usd_per_million_tokens",
    "usd_per_million_low_90", "usd_per_million_high_90", "bottleneck", "fits", "problem",
)  # fmt: skip


def table_row(result: ChipResult) -> dict[str, Any]:
    """A chip as a row of the table and of the CSV."""
    found, rate = result.found, result.found.rate
    row: dict[str, Any] = {"chip": found.chip, "name": result.name}
    if rate is None:
        return {**row, "problem": found.problem}
    cost = result.usd_per_million
    return row | {
        "tokens_per_s_per_chip": rate.value, "low_50": rate.interval_50.low, "high_50": rate.interval_50.high,
        "low_90": rate.interval_90.low, "high_90": rate.interval_90.high,
        "ratio": None if found.ratio is None else found.ratio.value,
        "usd_per_million_tokens": None if cost is None else cost.value,
        "usd_per_million_low_90": None if cost is None else cost.interval_90.low,
        "usd_per_million_high_90": None if cost is None else cost.interval_90.high,
        "bottleneck": (found.row or {}).get("bottleneck"), "fits": (found.row or {}).get("fits"), "problem": "",
    }  # fmt: skip


def points_of(results: list[ChipResult]) -> list[dict[str, Any]]:
    """Every point of the front with its chip's name."""
    return [{**point, "name": result.name} for result in results for point in result.pareto]


def draw_charts(
    request: Request,
    table: list[dict[str, Any]],
    points: list[dict[str, Any]],
    measured: list[dict[str, Any]],
) -> dict[str, str]:
    """The scenario's charts by name, as SVG; measured runs of the same work beside the estimates."""
    log = request.query_params.get("log") == "1"
    known = [{**row, "value": row["tokens_per_s_per_chip"]} for row in table if not row["problem"]]
    names = {row["chip"]: row["name"] for row in known}
    runs = [
        {"name": names[row["chip"]], "value": row["tokens_per_s_per_chip"]}
        for row in measured
        if row["same_work"] and row["chip"] in names
    ]
    charts = {}
    if known:
        charts["speed"] = interval_chart(
            known, id_="speed", title="Tokens per second and chip", axis="tokens per second and chip", log=log, measured=runs,
            description="For each chip the estimate and its 50 and 90 percent intervals, measured runs of the same work as open diamonds; the tables beside have the numbers.",
        )  # fmt: skip
    priced = [row for row in table if not row["problem"] and row["usd_per_million_tokens"]]
    if priced:
        money = [
            {"name": row["name"], "value": row["usd_per_million_tokens"], "low_90": row["usd_per_million_low_90"], "high_90": row["usd_per_million_high_90"],
             "low_50": row["usd_per_million_tokens"] * row["tokens_per_s_per_chip"] / row["high_50"], "high_50": row["usd_per_million_tokens"] * row["tokens_per_s_per_chip"] / row["low_50"]}
            for row in priced
        ]  # fmt: skip
        charts["cost"] = interval_chart(
            money, id_="cost", title="Cost of a million tokens", axis="US dollars per million tokens", log=log,
            description="For each chip the estimate and its 50 and 90 percent intervals; the table beside has the numbers.",
        )  # fmt: skip
    if points:
        charts["front"] = front_chart(
            points, id_="front", title="Throughput against interactivity", log=log,
            description="The best layouts of each chip: how fast one user is served against tokens per second and chip; the table beside has the numbers.",
        )  # fmt: skip
    return charts
