// A DCI partner made of foreign software: reads one request from standard input, answers on
// standard output.
//   {do: "keys"}                            → {ed: {private, public}, rsa: {private, public}}
//   {do: "sign", form, body, key}           → {signature}
//   {do: "verify", form, envelope, keys}    → {fits}
// JWS is jose's, RFC 8785 is canonicalize's.
import { text } from 'node:stream/consumers';
import canonicalize from 'canonicalize';
import * as jose from 'jose';

const bytes = (value) => new TextEncoder().encode(value);
const same = (a, b) => canonicalize(a) === canonicalize(b);

async function pair(alg, options) {
  const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true, ...options });
  const publicJwk = await jose.exportJWK(publicKey);
  const named = { kid: await jose.calculateJwkThumbprint(publicJwk), alg, use: 'sig' };
  return {
    private: { ...(await jose.exportJWK(privateKey)), ...named },
    public: { ...publicJwk, ...named },
  };
}

async function sign({ form, body, key }) {
  const alg = form === 'detached' ? 'EdDSA' : 'RS256';
  const payload = form === 'detached' ? canonicalize(body) : JSON.stringify(body);
  const whole = await new jose.CompactSign(bytes(payload))
    .setProtectedHeader({ alg, kid: key.kid })
    .sign(await jose.importJWK(key, alg));
  const [header, , value] = whole.split('.');
  return { signature: form === 'detached' ? `${header}..${value}` : whole };
}

async function verify({ form, envelope, keys }) {
  const body = { header: envelope.header, message: envelope.message };
  const kept = form === 'detached'
    ? envelope.signature.replace('..', `.${jose.base64url.encode(canonicalize(body))}.`)
    : envelope.signature;
  const { payload } = await jose.compactVerify(kept, jose.createLocalJWKSet(keys));
  return { fits: same(JSON.parse(new TextDecoder().decode(payload)), body) };
}

const keys = async () => ({
  ed: await pair('EdDSA', { crv: 'Ed25519' }),
  rsa: await pair('RS256', { modulusLength: 2048 }),
});

const request = JSON.parse(await text(process.stdin));
const actions = { keys, sign, verify };
process.stdout.write(JSON.stringify(await actions[request.do](request)));
