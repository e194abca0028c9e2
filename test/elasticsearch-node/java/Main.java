import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.transport.BoundTransportAddress;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.node.ClassPathNode;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.transport.netty4.Netty4Plugin;

/**
 * Starts one Elasticsearch node with the settings that its arguments name, `name=value` each, and says on
 * standard output, in a line of JSON, where it listens. It ends in good order on SIGTERM, and when its
 * standard input ends: so no node outlives the process that started it, however that one died. Only in the
 * second case does it remove its folder, if told to: after SIGTERM it may be started again.
 */
public final class Main {
    private static volatile boolean isThrownAway = false;

    public static void main(String[] args) throws Exception {
        var settings = Settings.builder();
        for (var arg : args) settings.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
        var environment = InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), null, () -> "node");
        LogConfigurator.registerErrorListener();
        LogConfigurator.configureESLogging();

        var node = new ClassPathNode(environment, List.of(Netty4Plugin.class));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(node)));
        node.start();
        var http = node.injector().getInstance(HttpServerTransport.class).boundAddress();
        var transport = node.injector().getInstance(TransportService.class).boundAddress();
        System.out.printf("{\"http\":\"%s\",\"transport\":\"%s\"}%n", published(http), published(transport));
        System.out.flush();

        while (System.in.read() != -1) continue;
        isThrownAway = Boolean.getBoolean("playtrail.throwAway");
        System.exit(0);
    }

    private static String published(BoundTransportAddress address) {
        return address.publishAddress().getAddress() + ":" + address.publishAddress().getPort();
    }

    private static void stop(Node node) {
        try {
            node.prepareForClose();
            node.close();
            node.awaitClose(10, TimeUnit.SECONDS);
            if (isThrownAway) remove(Path.of(node.settings().get("path.home")));
        } catch (IOException | InterruptedException problem) {
            System.err.println("the node did not stop in good order: " + problem);
        }
    }

    private static void remove(Path folder) throws IOException {
        try (var paths = Files.walk(folder)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }
}
