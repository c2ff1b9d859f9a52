// Reads one request from standard input and answers with JSON on standard output.
//   {do: "verify", credential, keys, statusLists: {uri: token}, nonce?}
//   {do: "present", credential, show: [claim, …], holderKey, nonce, audience}
//   {do: "issue", payload, claims, key}
// The SD-JWT VC work is done by @sd-jwt/sd-jwt-vc; only hash and signature come from Node.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';

const hasher = (data, algorithm) =>
  createHash(algorithm.replace('-', '')).update(typeof data === 'string' ? data : Buffer.from(data)).digest();
const saltGenerator = (length) => randomBytes(length).toString('base64url');
const verifierOf = (jwk) => (data, signature) =>
  verify('sha256', Buffer.from(data),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'));
// A certificate and its status list may be signed with different keys: each names its own.
const verifierAmong = (keys) => (data, signature) => {
  const { kid } = JSON.parse(Buffer.from(data.split('.')[0], 'base64url'));
  return verifierOf(keys.find((key) => key.kid === kid))(data, signature);
};
const signerOf = (jwk) => (data) =>
  sign('sha256', Buffer.from(data),
    { key: createPrivateKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }).toString('base64url');
const common = { hasher, hashAlg: 'sha-256', saltGenerator, signAlg: 'ES256', kbSignAlg: 'ES256' };

async function verifyCredential({ credential, keys, statusLists, nonce }) {
  const instance = new SDJwtVcInstance({
    ...common,
    verifier: verifierAmong(keys),
    kbVerifier: (data, signature, payload) => verifierOf(payload.cnf.jwk)(data, signature),
    statusListFetcher: async (uri) => statusLists[uri],
  });
  const options = nonce === undefined ? {} : { keyBindingNonce: nonce };
  return { payload: (await instance.verify(credential, options)).payload };
}

async function presentCredential({ credential, show, holderKey, nonce, audience }) {
  const instance = new SDJwtVcInstance({ ...common, kbSigner: signerOf(holderKey) });
  const frame = Object.fromEntries(show.map((claim) => [claim, true]));
  const iat = Math.floor(Date.now() / 1000);
  return {
    presentation: await instance.present(credential, frame, { kb: { payload: { iat, aud: audience, nonce } } }),
  };
}

async function issueCredential({ payload, claims, key }) {
  const instance = new SDJwtVcInstance({ ...common, signer: signerOf(key) });
  const credential = await instance.issue(
    { ...payload, ...claims }, { _sd: Object.keys(claims) }, { header: { kid: key.kid } });
  return { credential };
}

const actions = { verify: verifyCredential, present: presentCredential, issue: issueCredential };
const request = JSON.parse(await text(process.stdin));
let answer;
try {
  answer = await actions[request.do](request);
} catch (error) {
  answer = { refused: String(error.message) };
}
process.stdout.write(JSON.stringify(answer));
