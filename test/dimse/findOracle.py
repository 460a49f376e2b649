"""PS3.4 C.2.2.2 by brute force over files: the oracle that C-FIND is compared with.

Usage: findOracle.py <folder of Part-10 files> <queries.json>; prints, for each query, what is found as a list of
attributes. A query is {"level", "keys": {keyword: value}, "combined", "fuzzy"}; values as DICOM writes them.
"""
import json
import re
import sys
import unicodedata
from pathlib import Path

import pydicom

LEVELS = ['PATIENT', 'STUDY', 'SERIES', 'IMAGE']
UNIQUE = ['PatientID', 'StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID']
OF_LEVEL = {
    'PatientName': 0, 'PatientID': 0, 'IssuerOfPatientID': 0, 'PatientBirthDate': 0, 'PatientSex': 0,
    'StudyInstanceUID': 1, 'StudyDate': 1, 'StudyTime': 1, 'AccessionNumber': 1, 'StudyID': 1, 'StudyDescription': 1,
    'ReferringPhysicianName': 1, 'ModalitiesInStudy': 1, 'SOPClassesInStudy': 1,
    'SeriesInstanceUID': 2, 'Modality': 2, 'SeriesNumber': 2, 'SeriesDescription': 2, 'BodyPartExamined': 2,
    'SeriesDate': 2, 'SeriesTime': 2,
    'SOPInstanceUID': 3, 'SOPClassUID': 3, 'InstanceNumber': 3,
}
PAIRS = [('StudyDate', 'StudyTime'), ('SeriesDate', 'SeriesTime')]


def text(dataset, keyword):
    value = getattr(dataset, keyword, None)
    return '' if value is None else str(value).rstrip(' ')


def fold(name):
    decomposed = unicodedata.normalize('NFKD', name.casefold())
    return ''.join(c for c in decomposed if not unicodedata.combining(c))


def wildcard(pattern, value):
    expression = ''.join('.*' if c == '*' else '.' if c == '?' else re.escape(c) for c in pattern)
    return re.fullmatch(expression, value, re.S) is not None


def name_matches(wanted, name):
    """In any of the component groups; components left out at the end are empty."""
    wanted = fold(wanted)
    for group in [name, *name.split('=')]:
        components = fold(group).rstrip('^').split('^')
        for filled in range(len(components), 6):
            if wildcard(wanted, '^'.join(components + [''] * (filled - len(components)))):
                return True
    return False


def fuzzy_name_matches(wanted, name):
    words = [w for w in re.split(r'[\s^=,]+', fold(name)) + re.split(r"[\s^=,'-]+", fold(name)) if w]
    return all(any(word.startswith(w) for word in words) for w in re.split(r'[\s^=,*?]+', fold(wanted)) if w)


def date_range(wanted):
    first, dash, last = wanted.partition('-')
    return (first or '00000000', last or '99999999') if dash else (first, first)


def seconds(value, fill):
    return (value + fill[len(value):])


def time_range(wanted):
    first, dash, last = wanted.partition('-')
    if not dash:
        last = first
    return seconds(first, '000000.000000'), seconds(last, '235959.999999')


def matches(keyword, wanted, value, fuzzy):
    """`value`: that of the entity, or a list of values of which one is enough."""
    if isinstance(value, (list, set)):
        return any(matches(keyword, wanted, one, fuzzy) for one in value)
    vr = pydicom.datadict.dictionary_VR(keyword)
    if wanted == '' or (wanted.strip('*') == '' and vr not in ('UI', 'DA', 'TM', 'IS')):
        return True
    if keyword == 'ModalitiesInStudy' or vr == 'UI':
        return any(wildcard(one, value) if vr != 'UI' else one == value for one in wanted.split('\\'))
    if vr == 'PN':
        if fuzzy and keyword == 'PatientName':
            return fuzzy_name_matches(wanted, value)
        return value != '' and name_matches(wanted, value)
    if vr == 'DA':
        first, last = date_range(wanted)
        return value != '' and first <= value <= last
    if vr == 'TM':
        first, last = time_range(wanted)
        return value != '' and first <= seconds(value, '000000.000000') <= last
    if vr == 'IS':
        return value != '' and int(value) == int(wanted)
    return wildcard(wanted, value)


def entity_value(keyword, members):
    first = members[0]
    if keyword == 'ModalitiesInStudy':
        return {text(each, 'Modality') for each in members}
    if keyword == 'SOPClassesInStudy':
        return {text(each, 'SOPClassUID') for each in members}
    return text(first, keyword)


def run(query, files, studies):
    level = LEVELS.index(query['level'])
    keys = {k: v for k, v in query['keys'].items() if k in OF_LEVEL and OF_LEVEL[k] <= level}
    groups = {}
    for each in files:
        groups.setdefault(text(each, UNIQUE[level]), []).append(each)
    found = []
    for unique, members in groups.items():
        context = members if level == 0 else studies[text(members[0], 'StudyInstanceUID')]
        left = dict(keys)
        good = True
        if query.get('combined'):
            for date, time in PAIRS:
                if '-' in left.get(date, '') and '-' in left.get(time, ''):
                    days, hours = left.pop(date), left.pop(time)
                    first, last = days.split('-')
                    from_time, to_time = time_range(hours)
                    moment = text(members[0], date) + seconds(text(members[0], time), '000000.000000')
                    good &= text(members[0], date) != ''
                    good &= first == '' or first + from_time <= moment
                    good &= last == '' or moment <= last + to_time
        for keyword, wanted in left.items():
            of = context if keyword in ('ModalitiesInStudy', 'SOPClassesInStudy') else members
            good = good and matches(keyword, wanted, entity_value(keyword, of), query.get('fuzzy'))
        if not good:
            continue
        one = {UNIQUE[level]: unique}
        if level == 0:
            one['NumberOfPatientRelatedStudies'] = len({text(m, 'StudyInstanceUID') for m in members})
            one['NumberOfPatientRelatedSeries'] = len({text(m, 'SeriesInstanceUID') for m in members})
            one['NumberOfPatientRelatedInstances'] = len(members)
        if level == 1:
            one['ModalitiesInStudy'] = sorted(entity_value('ModalitiesInStudy', members))
            one['SOPClassesInStudy'] = sorted(entity_value('SOPClassesInStudy', members))
            one['NumberOfStudyRelatedSeries'] = len({text(m, 'SeriesInstanceUID') for m in members})
            one['NumberOfStudyRelatedInstances'] = len(members)
        if level == 2:
            one['NumberOfSeriesRelatedInstances'] = len(members)
        for keyword in ('PatientName', 'PatientSex', 'StudyDescription'):
            if OF_LEVEL[keyword] <= level:
                one[keyword] = text(members[0], keyword)
        found.append(one)
    return sorted(found, key=lambda one: one[UNIQUE[level]])


def main():
    files = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(Path(sys.argv[1]).iterdir())]
    studies = {}
    for each in files:
        studies.setdefault(text(each, 'StudyInstanceUID'), []).append(each)
    queries = json.loads(Path(sys.argv[2]).read_text('utf-8'))
    print(json.dumps([run(query, files, studies) for query in queries]))


main()
