"""Where the manifests on stdin have not the form that the API of Kubernetes has, by its client's own models: a fault a line."""

import sys

import yaml
from kubernetes.client import models

PLAIN = {'str': str, 'int': int, 'bool': bool, 'float': (int, float)}


def model_of(document):
    """apps/v1 Deployment is V1Deployment."""
    version = str(document.get('apiVersion')).split('/')[-1]
    return getattr(models, version.capitalize() + str(document.get('kind')), None)


def faults(value, kind, where):
    if kind.startswith('list['):
        if not isinstance(value, list):
            yield f'{where}: not a list'
            return
        for n, one in enumerate(value):
            yield from faults(one, kind[5:-1], f'{where}[{n}]')
    elif kind.startswith('dict('):
        if not isinstance(value, dict):
            yield f'{where}: not names and values'
            return
        for name, one in value.items():
            yield from faults(one, kind[5:-1].split(', ')[1], f'{where}.{name}')
    elif hasattr(models, kind):
        yield from faults_of_model(value, getattr(models, kind), where)
    else:
        wanted = PLAIN.get(kind, object)
        if not isinstance(value, wanted) or (kind in ('int', 'float') and isinstance(value, bool)):
            yield f'{where}: {value!r} is not {kind}'


def faults_of_model(value, model, where):
    if not isinstance(value, dict):
        yield f'{where}: not {model.__name__}'
        return
    names = {written: name for name, written in model.attribute_map.items()}
    for written, one in value.items():
        if written in names:
            yield from faults(one, model.openapi_types[names[written]], f'{where}.{written}')
        else:
            yield f'{where}.{written}: {model.__name__} has no such field'
    try:
        # It wants what must be there.
        model(**{names[written]: one for written, one in value.items() if written in names})
    except ValueError as error:
        yield f'{where}: {error}'


for document in yaml.safe_load_all(sys.stdin):
    model = model_of(document)
    where = f"{document.get('kind')} {document.get('metadata', {}).get('name')}"
    found = faults_of_model(document, model, where) if model else [f'{where}: there is no such kind']
    for fault in found:
        print(fault)
