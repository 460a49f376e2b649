"""What a binary segmentation says, as pydicom reads it, for the test to compare: usage segmentation.py <file>."""
import json
import sys

import pydicom

read = pydicom.dcmread(sys.argv[1])
pixels = read.pixel_array
if pixels.ndim == 2:
    pixels = pixels[None]
frames = []
for frame, groups in zip(pixels, read.PerFrameFunctionalGroupsSequence):
    source = groups.DerivationImageSequence[0].SourceImageSequence[0]
    frames.append({
        'segment': groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber,
        'position': [float(v) for v in groups.PlanePositionSequence[0].ImagePositionPatient],
        'index': list(groups.FrameContentSequence[0].DimensionIndexValues),
        'source': source.ReferencedSOPInstanceUID,
        'voxels': [int(at) for at in frame.ravel().nonzero()[0]],
    })
print(json.dumps({
    'segments': [
        [one.SegmentNumber, one.SegmentLabel, one.SegmentedPropertyTypeCodeSequence[0].CodeMeaning, one.SegmentAlgorithmType]
        for one in read.SegmentSequence
    ],
    'frames': frames,
    'patient': [str(read.PatientName), read.PatientID, read.StudyInstanceUID],
    'frame of reference': read.FrameOfReferenceUID,
}))
