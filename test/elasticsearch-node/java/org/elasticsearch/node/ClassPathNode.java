package org.elasticsearch.node;

import java.util.List;
import org.elasticsearch.env.Environment;
import org.elasticsearch.plugins.ClassPathPlugins;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.plugins.PluginsService;

/**
 * A node as Elasticsearch starts it, but for its plugins, which are classes on the class path. In this
 * package because only here a node can be given a service of its own.
 */
public final class ClassPathNode extends Node {
    public ClassPathNode(Environment environment, List<Class<? extends Plugin>> plugins) {
        super(NodeConstruction.prepareConstruction(environment, ClassPathPlugins.noPlugins(), new NodeServiceProvider() {
            @Override
            PluginsService newPluginService(Environment initial, PluginsLoader loader) {
                return new ClassPathPlugins(initial, plugins);
            }
        }, true));
    }
}
