#!/bin/bash
# Run once by the PostgreSQL image: an owner role, an app role and a database for each service.
set -euo pipefail
for service in registry migrant exchange assessment notify; do
  upper=${service^^}
  owner_password="YIPAN_${upper}_OWNER_PASSWORD" password="YIPAN_${upper}_PASSWORD"
  psql -v ON_ERROR_STOP=1 -U postgres -q \
    -v owner="yipan_${service}_owner" -v app="yipan_${service}" \
    -v owner_password="${!owner_password}" -v password="${!password}" <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"app" LOGIN PASSWORD :'password';
CREATE DATABASE :"app" OWNER :"owner";
REVOKE ALL ON DATABASE :"app" FROM PUBLIC;
SQL
done
