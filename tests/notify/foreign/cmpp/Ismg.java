// A CMPP 3.0 gateway (sms-core, from Maven Central) that tells what happens to it, a JSON object a
// line, and does as it is told, a command a line:
//   script ACT…            what to do with the next submissions: a result, `silent` or `drop`
//   report MSGID STAT PHONE    a status report of a submission
//   text PHONE GBK|UCS2 HEX    a text from somebody, as UTF-8 in hex; in parts where it is long
//   drop                   close the connection
import com.chinamobile.cmos.sms.SmsDcs;
import com.chinamobile.cmos.sms.SmsTextMessage;
import com.zx.sms.codec.cmpp.msg.*;
import com.zx.sms.common.util.*;
import com.zx.sms.connect.manager.*;
import com.zx.sms.connect.manager.cmpp.*;
import com.zx.sms.handler.api.*;
import com.zx.sms.session.cmpp.SessionState;
import io.netty.channel.*;
import java.io.*;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.*;

public final class Ismg {
  static final Queue<String> acts = new ConcurrentLinkedQueue<>();
  static final PrintStream out = System.out;
  static volatile Channel channel;

  static synchronized void tell(String event, Object... pairs) {
    StringBuilder line = new StringBuilder("{\"event\":\"" + event + "\"");
    for (int i = 0; i < pairs.length; i += 2) {
      Object value = pairs[i + 1];
      boolean bare = value instanceof Number || value instanceof Boolean;
      line.append(",\"").append(pairs[i]).append("\":");
      line.append(bare ? value.toString() : "\"" + value + "\"");
    }
    out.println(line.append('}'));
    out.flush();
  }

  static String hex(byte[] octets) {
    return HexFormat.of().formatHex(octets);
  }

  static final class Desk extends AbstractBusinessHandler {
    @Override
    public String name() {
      return "desk";
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
      if (event == SessionState.Connect) {
        channel = context.channel();
        tell("connected");
      }
      context.fireUserEventTriggered(event);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object unit) throws Exception {
      if (unit instanceof CmppSubmitRequestMessage) submitted(context, (CmppSubmitRequestMessage) unit);
      else if (unit instanceof CmppDeliverResponseMessage) {
        tell("answered", "result", ((CmppDeliverResponseMessage) unit).getResult());
      } else context.fireChannelRead(unit);
    }

    private void submitted(ChannelHandlerContext context, CmppSubmitRequestMessage unit) {
      String act = acts.isEmpty() ? "0" : acts.remove();
      MsgId id = new MsgId();
      tell("submit", "id", hex(DefaultMsgIdUtil.msgId2Bytes(id)), "act", act,
          "phone", unit.getDestterminalId()[0], "number", unit.getSrcId(),
          "source", unit.getMsgsrc(), "service", unit.getServiceId(),
          "total", unit.getPktotal(), "part", unit.getPknumber(), "udhi", unit.getTpudhi(),
          "format", unit.getMsgfmt().getValue() & 0xff, "level", unit.getMsglevel(),
          "report", unit.getRegisteredDelivery(), "octets", hex(unit.getMsgContentBytes()));
      if (act.equals("drop")) context.channel().close();
      if (act.equals("drop") || act.equals("silent")) return;
      CmppSubmitResponseMessage answer = new CmppSubmitResponseMessage(unit.getHeader().getSequenceId());
      answer.setMsgId(id);
      answer.setResult(Long.parseLong(act));
      context.channel().writeAndFlush(answer);
    }
  }

  static void report(String id, String stat, String phone) {
    CmppReportRequestMessage report = new CmppReportRequestMessage();
    report.setMsgId(DefaultMsgIdUtil.bytes2MsgId(HexFormat.of().parseHex(id)));
    report.setStat(stat);
    report.setSubmitTime("2611220930");
    report.setDoneTime("2611220931");
    report.setDestterminalId(phone);
    CmppDeliverRequestMessage unit = new CmppDeliverRequestMessage();
    unit.setMsgId(new MsgId());
    unit.setDestId("10690000");
    unit.setSrcterminalId(phone);
    unit.setReportRequestMessage(report);
    channel.writeAndFlush(unit);
  }

  static void text(EndpointEntity gate, String phone, String form, String hex) throws Exception {
    String text = new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
    CmppDeliverRequestMessage unit = new CmppDeliverRequestMessage();
    unit.setMsgId(new MsgId());
    unit.setDestId("10690000");
    unit.setSrcterminalId(phone);
    byte format = (byte) (form.equals("GBK") ? 15 : 8);
    unit.setMsgContent(new SmsTextMessage(text, new SmsDcs(format)));
    ChannelUtil.syncWriteLongMsgToEntity(gate, unit);
  }

  public static void main(String[] arguments) throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    CMPPServerEndpointEntity server = new CMPPServerEndpointEntity();
    server.setId("server");
    server.setHost("127.0.0.1");
    server.setPort(port);
    server.setValid(true);
    CMPPServerChildEndpointEntity sp = new CMPPServerChildEndpointEntity();
    sp.setId("sp");
    sp.setUserName("900001");
    sp.setPassword("888888");
    sp.setVersion((short) 0x30);
    sp.setValid(true);
    sp.setGroupName("test");
    sp.setMaxChannels((short) 5);
    sp.setIdleTimeSec((short) 1);
    sp.setReSendFailMsg(false);
    sp.setRetryWaitTimeSec((short) 30);
    sp.setSupportLongmsg(EndpointEntity.SupportLongMessage.SEND);
    List<BusinessHandlerInterface> desks = new ArrayList<>();
    desks.add(new Desk());
    sp.setBusinessHandlerSet(desks);
    server.addchild(sp);
    EndpointManager.INS.addEndpointEntity(server);
    EndpointManager.INS.openEndpoint(server);
    tell("listening", "port", port);
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = commands.readLine()) != null; ) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "script" -> acts.addAll(Arrays.asList(words).subList(1, words.length));
        case "report" -> report(words[1], words[2], words[3]);
        case "text" -> text(sp, words[1], words[2], words[3]);
        case "drop" -> channel.close();
        default -> tell("riddle");
      }
    }
    System.exit(0);
  }
}
