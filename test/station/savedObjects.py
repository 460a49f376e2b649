"""What an independent reader (pydicom) finds in a measurement report: printed as JSON, group by group."""
import json
import sys

import pydicom

dataset = pydicom.dcmread(sys.argv[1])


def code(sequence):
    return f"{sequence[0].CodingSchemeDesignator}:{sequence[0].CodeValue}" if sequence else ""


def regions(item):
    for one in item.get("ContentSequence", []):
        if one.ValueType == "SCOORD":
            image = one.ContentSequence[0].ReferencedSOPSequence[0]
            yield {
                "name": code(one.get("ConceptNameCodeSequence")),
                "type": one.GraphicType,
                "points": [float(value) for value in one.GraphicData] if one["GraphicData"].VM > 1 else [],
                "image": image.ReferencedSOPInstanceUID,
                "frame": int(image.get("ReferencedFrameNumber", 1)),
            }


groups = []
for container in dataset.ContentSequence:
    for group in container.get("ContentSequence", []):
        if code(group.get("ConceptNameCodeSequence")) != "DCM:125007":
            continue
        items = group.ContentSequence
        groups.append(
            {
                "template": group.ContentTemplateSequence[0].TemplateIdentifier,
                "tracking": next(one.UID for one in items if one.ValueType == "UIDREF"),
                "texts": [one.TextValue for one in items if one.ValueType == "TEXT" and code(one.ConceptNameCodeSequence) == "DCM:121106"],
                "kind": next(one.ConceptCodeSequence[0].CodeValue for one in items if one.ValueType == "CODE" and code(one.ConceptNameCodeSequence) == "99ISOCENTER:MARK_KIND"),
                "regions": [region for one in [group, *items] for region in regions(one)],
                "numbers": {
                    code(one.ConceptNameCodeSequence): [
                        str(one.MeasuredValueSequence[0].NumericValue.original_string),
                        one.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue,
                    ]
                    for one in items
                    if one.ValueType == "NUM"
                },
            }
        )
print(json.dumps(groups))
