"""Reads a DICOMDIR as pydicom's FileSet does and says of every record what it leads to, and whether it is true."""
import json
import sys
from pydicom import dcmread
from pydicom.fileset import FileSet

folder = sys.argv[1]
files = FileSet(f'{folder}/DICOMDIR')
said = []
for instance in files:
    found = dcmread(instance.path, stop_before_pixels=True)
    same = (
        found.SOPInstanceUID == instance.SOPInstanceUID
        and found.SOPClassUID == instance.SOPClassUID
        and found.file_meta.TransferSyntaxUID == instance.ReferencedTransferSyntaxUIDInFile
        and found.SeriesInstanceUID == instance.SeriesInstanceUID
        and found.StudyInstanceUID == instance.StudyInstanceUID
        and str(found.get('PatientID', '')) == str(instance.PatientID)
    )
    said.append({'uid': str(found.SOPInstanceUID), 'type': instance.node.record_type, 'same': same})
print(json.dumps(said))
