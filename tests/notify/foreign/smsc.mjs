// A message centre made of the npm package smpp, driven by JSON lines: commands on standard input,
// what happens on standard output. It serves on loopback and ends with its standard input.
import readline from 'node:readline';
import smpp from 'smpp';

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const sessions = new Set();
let number = 0x1f00;
let script = []; // what to do with the next submissions: {status}, {silent}, {drop}

// The octets of a submit_sm that are not its text: header, fixed fields, our one parameter.
const around = (pdu) => 39 + pdu.source_addr.length + pdu.destination_addr.length;

const server = smpp.createServer((session) => {
  session.on('error', (error) => say({ event: 'error', error: String(error.code ?? error.message) }));
  session.on('close', () => { sessions.delete(session); say({ event: 'closed' }); });
  session.on('bind_transceiver', (pdu) => {
    if (pdu.system_id !== 'yipan' || pdu.password !== 'secret08') {
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      return;
    }
    sessions.add(session);
    session.send(pdu.response({ system_id: 'centre' }));
    say({ event: 'bound' });
  });
  session.on('enquire_link', (pdu) => { session.send(pdu.response()); say({ event: 'enquired' }); });
  session.on('unbind', (pdu) => { session.send(pdu.response()); say({ event: 'unbound' }); session.close(); });
  session.on('submit_sm', (pdu) => {
    const act = script.shift() ?? {};
    const udh = pdu.short_message.udh;
    const id = (number++).toString(16);
    const taken = !act.status && !act.silent && !act.drop;
    say({
      event: 'submit',
      id: taken ? id : null,
      source: pdu.source_addr,
      destination: pdu.destination_addr,
      text: String(pdu.short_message.message),
      octets: pdu.command_length - around(pdu),
      udh: udh ? udh.map((each) => [...each]) : [],
      coding: pdu.data_coding,
      priority: pdu.priority_flag,
      receipt: pdu.registered_delivery,
      mark: pdu.user_message_reference ?? null,
    });
    if (act.drop) session.destroy();
    else if (act.status) session.send(pdu.response({ command_status: act.status }));
    else if (!act.silent) session.send(pdu.response({ message_id: id }));
  });
});

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const asked = JSON.parse(line);
  if (asked.do === 'script') script = asked.acts;
  if (asked.do === 'drop') for (const each of sessions) each.destroy();
  if (asked.do === 'send') {
    const [session] = sessions;
    const given = { ...asked.pdu };
    if (given.short_message?.hex) given.short_message = Buffer.from(given.short_message.hex, 'hex');
    session.send(new smpp.PDU(asked.command ?? 'deliver_sm', given), (answer) => {
      say({ event: 'answered', status: answer.command_status, command: answer.command });
    });
  }
}).on('close', () => process.exit(0));

server.listen(0, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
