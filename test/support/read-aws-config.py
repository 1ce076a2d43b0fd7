# Says how botocore reads texts of ~/.aws/config: JSON texts in, a line each; JSON answers out, a line each.
import json
import os
import sys
import tempfile

from botocore.configloader import load_config, raw_config_parse
from botocore.exceptions import ConfigParseError

path = os.path.join(tempfile.mkdtemp(), 'config')
for line in sys.stdin:
    with open(path, 'w', encoding='utf-8', newline='') as file:
        file.write(json.loads(line))
    try:
        loaded = load_config(path)
        answer = {'profiles': loaded['profiles'], 'sections': raw_config_parse(path, parse_subsections=False)}
    except ConfigParseError as error:
        answer = {'error': type(error).__name__}
    print(json.dumps(answer), flush=True)
os.remove(path)
os.rmdir(os.path.dirname(path))
