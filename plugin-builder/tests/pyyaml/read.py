"""Reads YAML documents with PyYAML, under Python 2 or 3: one hexadecimal line in, one JSON line out.

The first line says the version. A value keeps its Python type: what JSON has no word for is a mapping of one key.
"""
import binascii
import datetime
import json
import struct
import sys

import yaml

sys.setrecursionlimit(10000)
TEXT = type(u"")
INTEGERS = (int, type(1 << 80))


class Stream(object):
    """A file with a name, which is what the messages show."""

    name = "file.yaml"

    def __init__(self, data):
        self.data = data

    def read(self, size=-1):
        part, self.data = self.data[:size], self.data[size:]
        return part


class Loader(yaml.SafeLoader):
    """The safe loader with the tags of plain Python data, which the loader of the original has too."""


for short, plain in [("none", "null"), ("bool", "bool"), ("str", "str"), ("unicode", "str"), ("int", "int"),
                     ("long", "int"), ("float", "float"), ("list", "seq"), ("dict", "map")]:
    Loader.add_constructor(
        u"tag:yaml.org,2002:python/" + short, yaml.SafeLoader.yaml_constructors[u"tag:yaml.org,2002:" + plain])


def typed(value, above=()):
    if id(value) in above:
        raise RuntimeError("a value inside of itself")
    above = above + (id(value),) if isinstance(value, (list, dict)) else above
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, INTEGERS):
        return {"integer": str(value)}
    if isinstance(value, float):
        return {"float": "nan" if value != value else binascii.hexlify(struct.pack(">d", value)).decode("ascii")}
    if isinstance(value, TEXT):
        if any(u"\ud800" <= character <= u"\udfff" for character in value):
            raise RuntimeError("half of a surrogate pair")
        return value
    if isinstance(value, bytes):
        try:
            return value.decode("ascii")
        except UnicodeDecodeError:
            return {"bytes": binascii.hexlify(value).decode("ascii")}
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = (value - value.utcoffset()).replace(tzinfo=None)
        return {"time": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"date": value.isoformat()}
    if isinstance(value, (list, tuple)):
        return [typed(item, above) for item in value]
    if isinstance(value, set):
        return {"set": sorted((typed(item, above) for item in value), key=json.dumps)}
    if isinstance(value, dict):
        pairs = [[typed(key, above), typed(item, above)] for key, item in value.items()]
        return {"mapping": sorted(pairs, key=lambda pair: json.dumps(pair, sort_keys=True))}
    raise RuntimeError("a value of type %s" % type(value).__name__)


def read(data):
    try:
        return {"value": typed(yaml.load(Stream(data), Loader=Loader))}
    except (yaml.YAMLError, ValueError, LookupError, OverflowError, AttributeError, TypeError, AssertionError) as error:
        return {"error": str(error), "type": type(error).__name__}
    except RuntimeError as error:
        return {"strange": str(error)}


print(json.dumps({"version": yaml.__version__}))
for line in iter(sys.stdin.readline, ""):
    print(json.dumps(read(binascii.unhexlify(line.strip()))))
    sys.stdout.flush()
