/// The page's style sheet; the charts' colours are `Paint.styleSheet`.
enum PageStyle {
    static let css = """
        *{box-sizing:border-box}
        body{margin:0;background:var(--background);color:var(--title);\
        font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        main{max-width:1160px;margin:0 auto;padding:32px 24px}
        h1,h2{font-size:26px;line-height:1.2;margin:0;letter-spacing:-.01em;overflow-wrap:anywhere}
        h3{font-size:13px;text-transform:uppercase;letter-spacing:.06em;color:var(--label);margin:32px 0 10px}
        a{color:inherit}
        p{margin:0}
        .sub{color:var(--label);margin-top:4px}
        .track+.track,.album+.track{margin-top:48px;padding-top:40px;border-top:1px solid var(--grid)}
        .track>header{display:flex;gap:16px;justify-content:space-between;align-items:flex-start;flex-wrap:wrap}
        .tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin:22px 0}
        .tiles div{background:var(--panel);border-radius:10px;padding:14px 16px}
        .tiles b{display:block;font-size:28px;line-height:1.1;font-weight:600;font-variant-numeric:tabular-nums}
        .tiles span{color:var(--label);font-size:13px}
        .badge{display:inline-block;font-size:12px;font-weight:600;line-height:20px;padding:0 9px;border-radius:10px;\
        border:1px solid currentColor;white-space:nowrap}
        .badge.block{color:var(--block)}.badge.warn{color:var(--warn)}.badge.note{color:var(--note)}
        .badge.fine{color:var(--loudness)}
        ul{list-style:none;margin:0;padding:0}
        .findings>li{display:grid;grid-template-columns:64px 1fr;gap:12px;padding:12px 14px;border-left:3px solid;\
        background:var(--panel);border-radius:0 8px 8px 0;margin-bottom:8px}
        .findings>li.block{border-color:var(--block)}.findings>li.warn{border-color:var(--warn)}
        .findings>li.note{border-color:var(--note)}
        .findings .badge{justify-self:start;align-self:start;margin-top:1px}
        .findings p{color:var(--label);font-size:13.5px}
        .findings p.what{color:var(--title);font-size:15px}
        .findings p.what::first-letter{text-transform:uppercase}
        code{font:12px ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;color:var(--label);margin-left:10px}
        .sources li{color:var(--label);font-size:12.5px}
        .sources li::before{content:"§ ";opacity:.6}
        figure{margin:0;overflow-x:auto}
        svg{display:block;width:100%;min-width:640px;height:auto;font-family:inherit}
        .key{color:var(--label);font-size:12.5px;margin-top:4px;padding-left:40px}
        .key span{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 5px 0 14px;vertical-align:-1px}
        .key span:first-child{margin-left:0}
        .k-peak{background:var(--peak)}.k-rms{background:var(--rms)}.k-silence{background:var(--silence)}
        .k-clip{background:var(--clip)}.k-loudness{background:var(--loudness)}
        .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:0 28px;margin:0 0 18px}
        .figures div{display:flex;justify-content:space-between;gap:12px;border-bottom:1px solid var(--grid);padding:6px 0}
        dt{color:var(--label)}
        dd{margin:0;font-variant-numeric:tabular-nums;text-align:right}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        th{font-weight:500;color:var(--label);text-align:left}
        th,td{padding:6px 14px 6px 0;border-bottom:1px solid var(--grid)}
        .n{text-align:right}
        .album table{margin-top:18px}
        .identity{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:0}
        .identity dd{font:12.5px/1.6 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;\
        overflow-wrap:anywhere;text-align:left}
        p.fine{color:var(--loudness)}
        footer{max-width:1160px;margin:0 auto;padding:0 24px 40px;color:var(--label);font-size:12.5px}
        @media(max-width:720px){.tiles{grid-template-columns:repeat(2,1fr)}.identity{display:block}\
        .identity dd{margin-bottom:8px}.findings>li{grid-template-columns:1fr}}
        @media print{body{font-size:11pt}main{padding:0}.track+.track,.album+.track{break-before:page;border:0;\
        padding:0;margin:0}.findings>li,figure,.tiles,.figures div{break-inside:avoid}h3{break-after:avoid}\
        .tiles div,.findings>li,svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}svg{min-width:0}}
        """
}
