import TestKit

extension Servers {
    /// vsftpd for anonymous visitors, who may do anything, as whoever runs the tests.
    func ftpServer() throws -> Server {
        let configuration = try house.write(
            """
            listen=YES
            listen_address=127.0.0.1
            listen_port=\(vsftpd)
            background=NO
            run_as_launching_user=YES
            anonymous_enable=YES
            local_enable=NO
            no_anon_password=YES
            anon_root=\(root)
            anon_umask=022
            write_enable=YES
            anon_upload_enable=YES
            anon_mkdir_write_enable=YES
            anon_other_write_enable=YES
            anon_world_readable_only=NO
            allow_writeable_chroot=YES
            mdtm_write=YES
            force_dot_files=YES
            pasv_address=127.0.0.1
            seccomp_sandbox=NO
            vsftpd_log_file=\(house["ftp/log"])
            secure_chroot_dir=\(house["ftp"])

            """, to: "ftp/vsftpd.conf")
        return Server(Command("vsftpd", configuration.string), port: vsftpd)
    }
}
