"""``python -m benchmark.results.schema``: write the schema of this version's cells anew."""

from benchmark.results.schema.json_schema import schema_path, schema_text
from msssl_common.files import write_text

if __name__ == "__main__":
    write_text(schema_path(), schema_text())
