"""Reads files of saved objects with the models of kb-dashboard-core, and prints what does not fit them.

They are what that compiler's own panels are made of, strict, and refuse what they do not know. For each
column the model of its operation is taken, for each chart that of its type, so that
a message says what is wrong.
"""

import json
import sys
from pathlib import Path

from kb_dashboard_core.controls.view import KbnIgnoreParentSettingsJson, KbnOptionsListControl
from kb_dashboard_core.panels.charts.datatable.view import KbnDatatableVisualizationState
from kb_dashboard_core.panels.charts.lens.columns import view as columns
from kb_dashboard_core.panels.charts.metric.view import KbnMetricVisualizationState
from kb_dashboard_core.panels.charts.view import KbnLensPanelAttributes
from kb_dashboard_core.panels.charts.xy.view import KbnXYVisualizationState
from kb_dashboard_core.panels.markdown.view import KbnMarkdownPanel
from kb_dashboard_core.panels.search.view import KbnSearchPanel
from kb_dashboard_core.panels.view import KbnGridData
from kb_dashboard_core.shared.view import KbnReference
from pydantic import ValidationError

CHARTS = {
    "lnsXY": KbnXYVisualizationState,
    "lnsDatatable": KbnDatatableVisualizationState,
    "lnsMetric": KbnMetricVisualizationState,
}
COLUMNS = {
    "date_histogram": columns.KbnLensDateHistogramDimensionColumn,
    "terms": columns.KbnLensTermsDimensionColumn,
    "filters": columns.KbnLensFiltersDimensionColumn,
    "formula": columns.KbnLensFormulaColumn,
    "math": columns.KbnLensMathColumn,
}
# Kibana knows them, the models do not: each is left out before they look, and nothing else is.
#   title of a panel: older Kibana reads it there; the compiler writes it into embeddableConfig alone.
#   dataType `ip` and `boolean` of terms: the compiler writes `string` for every field.
#   KbnSearchPanel asks for a savedObjectId: Kibana itself saves the reference in its place.
#   enhancements of a control: Kibana 8 writes them, the compiler does not.
KNOWN_DATA_TYPES = {"ip", "boolean"}
# The models ask for these, and leave them out when they write.
MAY_BE_ABSENT = {"singleSelect": None, "runPastTimeout": None}


def main(path):
    """Prints one line for each mistake, and at last how many parts were looked at."""
    looked_at = 0
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        saved = json.loads(line)
        for reference in saved["references"]:
            looked_at += check(KbnReference, reference, saved["id"])
        if saved["type"] != "dashboard":
            continue
        looked_at += check_controls(saved["attributes"]["controlGroupInput"], saved["id"])
        for panel in json.loads(saved["attributes"]["panelsJSON"]):
            looked_at += check_panel(panel, f"{saved['id']}/{panel['panelIndex']}")
    print(f"looked at {looked_at}")


def check_controls(group, where):
    """Looks at the lists above the panels."""
    looked_at = check(KbnIgnoreParentSettingsJson, json.loads(group["ignoreParentSettingsJSON"]), where)
    for name, control in json.loads(group["panelsJSON"]).items():
        inner = {**MAY_BE_ABSENT, **control["explicitInput"]}
        inner.pop("enhancements")
        looked_at += check(KbnOptionsListControl, {**control, "explicitInput": inner}, f"{where} {name}")
    return looked_at


def check_panel(panel, where):
    panel = {name: value for name, value in panel.items() if name != "title"}
    looked_at = check(KbnGridData, panel["gridData"], where)
    if panel["type"] == "visualization":
        return looked_at + check(KbnMarkdownPanel, panel, where)
    if panel["type"] == "search":
        config = {"savedObjectId": "by reference", **panel["embeddableConfig"]}
        return looked_at + check(KbnSearchPanel, {**panel, "embeddableConfig": config}, where)
    attributes = panel["embeddableConfig"]["attributes"]
    state = attributes["state"]
    chart = CHARTS.get(attributes["visualizationType"])
    if chart is None:
        print(f"{where}: no model for {attributes['visualizationType']}")
        return looked_at
    looked_at += check(chart, state["visualization"], where)
    for layer in state["datasourceStates"]["formBased"]["layers"].values():
        for name, column in layer["columns"].items():
            if column["dataType"] in KNOWN_DATA_TYPES:
                column["dataType"] = "string"
            model = COLUMNS.get(column["operationType"], columns.KbnLensFieldMetricColumn)
            looked_at += check(model, {"customLabel": None, **column}, f"{where} column {name}")
        # Looked at above; here each of them would be held against every model that there is.
        layer["columns"] = {}
    return looked_at + check(KbnLensPanelAttributes, attributes, where)


def check(model, value, where):
    # By way of JSON: only then do the strict models take the text of an enumeration.
    try:
        model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        for mistake in error.errors():
            place = ".".join(str(part) for part in mistake["loc"])
            print(f"{where}: {model.__name__} {place}: {mistake['msg']}")
    return 1


for argument in sys.argv[1:]:
    main(argument)
