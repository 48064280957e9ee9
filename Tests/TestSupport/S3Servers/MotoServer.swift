import Foundation

/// Starts moto with its signature checks on.
enum MotoServer {
    /// moto only knows credentials it made itself, so the program that serves makes them too, and checks nothing
    /// until it has: three calls. The file appears whole, by a rename.
    private static let program = """
        import os, sys, json
        os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"
        os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "none"
        import boto3
        from moto.server import ThreadedMotoServer
        port, keys = int(sys.argv[1]), sys.argv[2]
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        server.start()
        iam = boto3.client("iam", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
        iam.create_user(UserName="lathe")
        iam.put_user_policy(UserName="lathe", PolicyName="all", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
        key = iam.create_access_key(UserName="lathe")["AccessKey"]
        with open(keys + ".new", "w") as file:
            file.write(key["AccessKeyId"] + " " + key["SecretAccessKey"])
        os.rename(keys + ".new", keys)
        import threading
        threading.Event().wait()
        """

    static func launch(
        port: UInt16, directory: URL, log: URL
    ) async throws -> (process: ServerProcess, keys: (String, String)) {
        let keys = directory.appendingPathComponent("keys")
        let process = try await ServerProcess(
            TestTools.python(), ["-c", program, String(port), keys.path], environment: [:], log: log)
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if let text = try? String(contentsOf: keys, encoding: .utf8) {
                let words = text.split(separator: " ").map(String.init)
                return (process, (words[0], words[1]))
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let output = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        throw TestTools.Failure("moto does not start: \(output.suffix(2000))")
    }
}
