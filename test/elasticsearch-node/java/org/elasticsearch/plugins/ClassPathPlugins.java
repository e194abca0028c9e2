package org.elasticsearch.plugins;

import java.util.List;
import java.util.Set;
import java.util.Map;
import org.elasticsearch.Build;
import org.elasticsearch.action.admin.cluster.node.info.PluginsAndModules;
import org.elasticsearch.env.Environment;

/**
 * Plugins that lie on the class path. A distribution unpacks each into a folder of its own with a
 * class loader of its own; the jars of Maven Central are not packed that way. In this package because
 * what a loaded plugin is, Elasticsearch tells nobody else.
 */
public final class ClassPathPlugins extends PluginsService {
    private final List<LoadedPlugin> plugins;

    public ClassPathPlugins(Environment environment, List<Class<? extends Plugin>> classes) {
        super(environment.settings(), environment.configDir(), noPlugins());
        plugins = classes.stream().map(plugin -> load(environment, plugin)).toList();
    }

    /** What Elasticsearch finds on its own: nothing, for there is no folder of plugins. */
    public static PluginsLoader noPlugins() {
        return PluginsLoader.createPluginsLoader(Set.of(), Set.of(), Map.of(), false);
    }

    private static LoadedPlugin load(Environment environment, Class<? extends Plugin> plugin) {
        var name = plugin.getName();
        var javaVersion = Integer.toString(Runtime.version().feature());
        var descriptor = new PluginDescriptor(
            name, "on the class path", "NA", Build.current().version(), javaVersion, name, null,
            List.of(), false, false, false, false, PluginDescriptor.DeploymentTarget.ALL);
        return new LoadedPlugin(
            descriptor, loadPlugin(plugin, environment.settings(), environment.configDir()), plugin.getClassLoader());
    }

    @Override
    protected List<LoadedPlugin> plugins() {
        // The constructor above us asks before there is an answer.
        return plugins == null ? List.of() : plugins;
    }

    @Override
    public PluginsAndModules info() {
        return new PluginsAndModules(
            plugins.stream().map(LoadedPlugin::descriptor).map(PluginRuntimeInfo::new).toList(), List.of());
    }
}
