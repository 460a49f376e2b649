"""What pydicom reads of a report and of its PDF: as JSON on stdout."""

import json
import sys

import pydicom


def texts(item):
    for child in item.get('ContentSequence', []):
        name = child.ConceptNameCodeSequence[0] if 'ConceptNameCodeSequence' in child else None
        if child.ValueType == 'CONTAINER':
            yield ['container', name.CodeValue, name.CodeMeaning]
        if child.ValueType == 'TEXT':
            yield ['text', name.CodeMeaning, child.TextValue]
        if child.ValueType == 'NUM':
            value = child.MeasuredValueSequence[0]
            image = child.ContentSequence[0].ReferencedSOPSequence[0]
            unit = value.MeasurementUnitsCodeSequence[0].CodeValue
            yield ['num', name.CodeMeaning, str(value.NumericValue), unit, image.ReferencedSOPInstanceUID]
        yield from texts(child)


report, paper = (pydicom.dcmread(path) for path in sys.argv[1:3])
print(
    json.dumps(
        {
            'patient': str(report.PatientName),
            'study': report.StudyInstanceUID,
            'flags': [report.CompletionFlag, report.VerificationFlag],
            'verifier': str(report.VerifyingObserverSequence[0].VerifyingObserverName),
            'content': list(texts(report)),
            'pdf': bytes(paper.EncapsulatedDocument[: paper.EncapsulatedDocumentLength]).decode('latin-1')[:5],
            'end': bytes(paper.EncapsulatedDocument[: paper.EncapsulatedDocumentLength]).rstrip().endswith(b'%%EOF'),
        }
    )
)
