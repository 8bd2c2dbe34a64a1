import SystemPackage
import TestKit

extension Servers {
    /// Apache with mod_dav, which collects uploads in `.davfs.tmpXXXXXX` beside the target.
    func apacheServer() throws -> Server {
        let modules = ["mpm_event", "authz_core", "dav", "dav_fs"].map {
            "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so"
        }
        let configuration = try house.write(
            """
            ServerRoot \(house["apache"])
            ServerName localhost
            Listen 127.0.0.1:\(apache)
            PidFile \(house["apache/pid"])
            DefaultRuntimeDir \(house["apache"])
            Mutex file:\(house["apache"])
            ErrorLog \(house["apache/errors"])
            \(modules.joined(separator: "\n"))
            User www-data
            Group www-data
            DavLockDB \(house["apache/locks"])
            DocumentRoot \(root)
            <Directory \(root)>
              Dav On
              Require all granted
            </Directory>

            """, to: "apache/apache.conf")
        // It never works as root.
        try allow(0o777, house["apache"])
        return Server(Command("apache2", "-DFOREGROUND", "-f", configuration.string), port: apache)
    }

    /// Where nginx collects an upload before it has its name.
    var nginxBodies: FilePath { house["nginx/body"] }

    /// nginx with WebDAV on the share, and with the desk to download from.
    func nginxServer() throws -> Server {
        try house.folder("nginx")
        let temporary =
            ["client_body_temp_path \(nginxBodies);"]
            + ["proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(house["nginx/\($0)"]);" }
        let configuration = try house.write(
            """
            user root;
            daemon off;
            worker_processes 1;
            pid \(house["nginx/pid"]);
            events { worker_connections 200; }
            http {
              access_log off;
              client_max_body_size 0;
              \(temporary.joined(separator: "\n  "))
              server {
                listen 127.0.0.1:\(nginx);
                location / { root \(root); dav_methods PUT DELETE MKCOL COPY MOVE; }
                location /desk/ { alias \(desk)/; limit_rate $arg_rate; }
              }
            }

            """, to: "nginx/nginx.conf")
        return Server(
            Command(
                "nginx", "-c", configuration.string, "-p", house["nginx"].string, "-e", house["nginx/errors"].string),
            port: nginx)
    }

    /// rclone as a WebDAV server, which writes under the target's name from the first byte on. As it is by itself, it would not see
    /// for five minutes what Hotreel puts into its folders.
    func rcloneServer() -> Server {
        Server(
            Command(
                "rclone", "--config", "", "serve", "webdav", "--dir-cache-time", "0", "--addr",
                "127.0.0.1:\(rcloneDAV)",
                root.string),
            port: rcloneDAV)
    }
}
